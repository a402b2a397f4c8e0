"""A log of choices whose propensities are known, and a policy to be judged by it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from launchopt_core.errors import InvalidRate, TooFewObservations

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

TOLERANCE = 1e-6  # of probabilities that went through text
FEWEST = 2


@dataclass(frozen=True)
class Log:
    """Rows of choices: contexts and actions by number, what came of them, and how likely they were.

    `features` describes each context in numbers, (contexts, width); rows with the same context
    differ in nothing that a policy or a model may look at.
    """

    context: Ints  # (rows,)
    action: Ints  # (rows,)
    reward: Floats  # (rows,)
    propensity: Floats  # (rows,), of the action that was taken
    features: Floats  # (contexts, width)
    actions: int  # that there are, logged or not

    def __post_init__(self) -> None:
        if len(self.reward) < FEWEST:
            raise TooFewObservations("A log needs two rows or more.")
        if not ((self.propensity > 0) & (self.propensity <= 1 + TOLERANCE)).all():
            raise InvalidRate("A propensity lies above 0 and is at most 1.")

    def __len__(self) -> int:
        return len(self.reward)

    @property
    def contexts(self) -> int:
        return len(self.features)

    def rows(self, chosen: NDArray[np.bool_]) -> Log:
        """Some of the rows; contexts and actions keep their numbers."""
        return Log(
            context=self.context[chosen],
            action=self.action[chosen],
            reward=self.reward[chosen],
            propensity=self.propensity[chosen],
            features=self.features,
            actions=self.actions,
        )

    def tally(self, values: Floats) -> Floats:
        """Sums of values given for each row: (contexts, actions)."""
        flat = self.context * self.actions + self.action
        sums = np.bincount(flat, values, minlength=self.contexts * self.actions)
        return np.asarray(sums.reshape(self.contexts, self.actions), dtype=np.float64)


@dataclass(frozen=True)
class Policy:
    """The probability of each action in each context: (contexts, actions). What is left is nothing.

    A policy that in some context chooses nothing with some probability earns nothing then.
    """

    probability: Floats

    def __post_init__(self) -> None:
        if (self.probability < 0).any() or not np.isfinite(self.probability).all():
            raise InvalidRate("Probabilities lie between 0 and 1.")
        most = self.probability.sum(axis=1).max(initial=0.0)
        if most > 1 + TOLERANCE * max(self.probability.shape[1], 1):
            raise InvalidRate(f"A policy's probabilities in a context sum to 1, not to {most:.6g}.")

    def weights(self, log: Log) -> Floats:
        """How much likelier each row's action is under this policy, (rows,)."""
        return self.probability[log.context, log.action] / log.propensity
