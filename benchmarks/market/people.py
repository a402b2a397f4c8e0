"""The customers of a made-up market, and what each would do with and without a contact.

Four kinds, told apart by what they did before, though never surely: *sure things* buy anyway,
*persuadables* where they are spoken to, *lost causes* hardly ever, *sleeping dogs* unless they are
spoken to. LaunchOpt sees their histories; the chances are this module's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

KINDS = ("sure thing", "persuadable", "lost cause", "sleeping dog")
CATEGORIES = 6
COUNTRIES = ("GB", "DE", "FR", "NL")

# Chance to buy a launch left alone, and with a contact; of those who like its category middling.
ALONE = np.array([0.60, 0.05, 0.01, 0.30])
CONTACTED = np.array([0.63, 0.45, 0.02, 0.15])
# How each kind depends on loyalty, curiosity and weariness.
LEANING = np.array([[1.8, 0.2, -0.6], [-0.7, 1.9, -0.5], [-1.3, -1.3, 0.0], [0.9, -0.9, 2.0]])
USUAL = np.array([0.5, 0.4, 0.2, -0.9])
CLEARNESS = 6.0  # how surely traits tell the kind
AGREED = 0.9
VISITS = 6.0  # of the average customer in a fortnight


@dataclass(frozen=True)
class People:
    """Customers by row."""

    traits: Floats  # (customers, 3): loyalty, curiosity, weariness; standard normal
    taste: Floats  # (customers, categories), 1 on the average
    kind: Ints  # (customers,), an index into KINDS
    visits: Floats  # (customers,), expected in a fortnight
    agreed: Bools  # (customers,), to marketing
    country: Ints  # (customers,)

    @classmethod
    def draw(cls, count: int, *, rng: np.random.Generator) -> People:
        """A market of its own for each generator."""
        traits = rng.normal(size=(count, 3))
        leaning = CLEARNESS * (traits @ LEANING.T + USUAL)
        return cls(
            traits=traits,
            taste=rng.dirichlet(np.full(CATEGORIES, 1.5), size=count) * CATEGORIES,
            kind=np.argmax(leaning + rng.gumbel(size=leaning.shape), axis=1),
            visits=rng.gamma(2.0, VISITS / 2, size=count),
            agreed=rng.random(count) < AGREED,
            country=rng.integers(len(COUNTRIES), size=count),
        )

    def __len__(self) -> int:
        return len(self.kind)

    def alone(self, category: int) -> Floats:
        """Chance to buy a new product of the category without a contact, (customers,)."""
        return np.clip(ALONE[self.kind] * self._liking(category), 0.0, 0.95)

    def contacted(self, category: int) -> Floats:
        """Chance to buy it where contacted, once or more often, (customers,)."""
        return np.clip(CONTACTED[self.kind] * self._liking(category), 0.0, 0.95)

    def uplift(self, category: int) -> Floats:
        """What a contact adds, (customers,)."""
        return self.contacted(category) - self.alone(category)

    def _liking(self, category: int) -> Floats:
        return 0.5 + 0.5 * np.minimum(self.taste[:, category], 2.0)
