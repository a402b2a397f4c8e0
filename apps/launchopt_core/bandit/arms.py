"""What an arm has shown, as a belief to draw from; and weights by how often each is best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from launchopt_core.errors import InvalidRate, NoPositiveWeight
from launchopt_core.moments import Moments

Floats = NDArray[np.float64]

FLOOR = 0.05
DRAWS = 20_000  # the standard error of a weight is then at most 0.0036
PRIOR = (1.0, 1.0)  # uniform over rates
SURE = 0.95  # chance to be the best at which a search may stop


class Belief(Protocol):
    """What may be true of an arm's mean outcome."""

    def drawn(self, rng: Generator, draws: int) -> Floats:
        """Means drawn from the belief, (draws,)."""
        ...


@dataclass(frozen=True)
class Arm:
    """A rate: how often the arm was tried, and how often it converted.

    Trials need not be whole: a customer who may yet convert counts in part.
    """

    successes: float
    trials: float
    prior: tuple[float, float] = PRIOR

    def __post_init__(self) -> None:
        if not 0 <= self.successes <= self.trials:
            raise InvalidRate(f"{self.successes} successes in {self.trials} trials is no rate.")

    def drawn(self, rng: Generator, draws: int) -> Floats:
        """From the Beta posterior."""
        won, lost = self.successes, self.trials - self.successes
        return rng.beta(self.prior[0] + won, self.prior[1] + lost, size=draws)


@dataclass(frozen=True)
class GaussianArm:
    """A mean of any unit, such as revenue per customer, believed by the central limit theorem.

    An arm with fewer than two customers may be anything within `scale` of `centre`, the shop's own
    mean and standard deviation.
    """

    moments: Moments
    centre: float
    scale: float

    def drawn(self, rng: Generator, draws: int) -> Floats:
        """From the normal posterior, the prior weighing as one customer."""
        count = self.moments.count
        spread = self.moments.variance if count > 1 else self.scale**2
        spread = spread or self.scale**2
        mean = (float(self.moments.sum) + self.centre) / (count + 1)
        return rng.normal(mean, sqrt(spread / (count + 1)), size=draws)


def thompson_weights(
    arms: Mapping[str, Belief], rng: Generator, *, floor: float = FLOOR, draws: int = DRAWS
) -> dict[str, float]:
    """Each arm's chance to be the best, lifted to an exploration floor; weights sum to 1.

    Thompson (1933, Biometrika 25), the chance counted over `draws` draws of every arm's belief. An
    arm keeps at least the floor, so that a bad start can be made good.

    >>> rng = np.random.default_rng(0)
    >>> weights = thompson_weights({"a": Arm(10, 1000), "b": Arm(60, 1000)}, rng)
    >>> {name: round(weight, 2) for name, weight in weights.items()}
    {'a': 0.05, 'b': 0.95}
    """
    if arms and not 0 <= floor * len(arms) <= 1:
        raise InvalidRate(f"A floor of {floor} for {len(arms)} arms is more than there is to give.")
    chances = chances_to_be_best(arms, rng, draws=draws)
    lifted = {name: floor + (1 - floor * len(arms)) * chance for name, chance in chances.items()}
    total = sum(lifted.values())
    return {name: weight / total for name, weight in lifted.items()}


def chances_to_be_best(
    arms: Mapping[str, Belief], rng: Generator, *, draws: int = DRAWS
) -> dict[str, float]:
    """How often each arm has the largest mean over draws of their beliefs."""
    if not arms:
        raise NoPositiveWeight("There is no arm to weigh.")
    names = sorted(arms)
    means = np.stack([arms[name].drawn(rng, draws) for name in names])  # (arms, draws)
    best = np.bincount(means.argmax(axis=0), minlength=len(names)) / draws
    return dict(zip(names, best.tolist(), strict=True))


def best_arm(
    arms: Mapping[str, Belief], rng: Generator, *, sure: float = SURE, draws: int = DRAWS
) -> str | None:
    """The arm that is the best with probability `sure` or more: the search may stop. Else None.

    >>> best_arm({"a": Arm(10, 1000), "b": Arm(60, 1000)}, np.random.default_rng(0))
    'b'
    """
    chances = chances_to_be_best(arms, rng, draws=draws)
    leader = max(chances, key=chances.__getitem__)
    return leader if chances[leader] >= sure else None
