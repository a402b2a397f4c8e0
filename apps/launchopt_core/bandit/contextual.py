"""A choice by what is known of the customer: linear rewards, Thompson sampling, propensities."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from launchopt_core.bandit.arms import FLOOR
from launchopt_core.errors import InvalidRate

Floats = NDArray[np.float64]

PENALTY = 1.0  # of the ridge: how many customers the prior counts as, in each direction
DRAWS = 1_000


@dataclass(frozen=True)
class LinearArms:
    """For each arm, what its reward is believed to be as a line over a customer's features.

    Agrawal and Goyal (2013), Thompson sampling for contextual bandits with linear payoffs, ICML.
    Beliefs add: `learned` on two batches is `learned` on both together.
    """

    gram: Floats  # (arms, width, width), penalised
    target: Floats  # (arms, width)
    noise: float  # standard deviation of one reward about its line

    @classmethod
    def blank(cls, arms: int, width: int, *, noise: float) -> Self:
        """Nothing is known yet."""
        if arms < 1 or width < 1 or not noise > 0:
            raise InvalidRate("There is at least one arm and one feature, and noise above 0.")
        gram = np.repeat(PENALTY * np.eye(width)[None], arms, axis=0)
        return cls(gram, np.zeros((arms, width)), noise)

    def learned(self, features: ArrayLike, arm: ArrayLike, reward: ArrayLike) -> Self:
        """With more customers: (customers, width), (customers,), (customers,)."""
        known, chosen = np.asarray(features, dtype=float), np.asarray(arm)
        earned = np.asarray(reward, dtype=float)
        gram, target = self.gram.copy(), self.target.copy()
        for number in range(len(gram)):
            own = known[chosen == number]
            gram[number] += own.T @ own
            target[number] += own.T @ earned[chosen == number]
        return replace(self, gram=gram, target=target)

    def probabilities(
        self, features: ArrayLike, rng: Generator, *, floor: float = FLOOR, draws: int = DRAWS
    ) -> Floats:
        """Each arm's chance to be the best for each customer, lifted to the floor.

        (customers, width) -> (customers, arms). To choose by them and log them is to log
        propensities that off-policy evaluation can use.
        """
        arms = len(self.gram)
        if not 0 <= floor * arms <= 1:
            raise InvalidRate(f"A floor of {floor} for {arms} arms is more than there is to give.")
        known = np.asarray(features, dtype=float)
        rewards = np.stack([known @ line for line in self._lines(rng, draws)])
        best = rewards.argmax(axis=0)  # (customers, draws)
        chance = np.stack([(best == number).mean(axis=1) for number in range(arms)], axis=1)
        lifted = floor + (1 - floor * arms) * chance
        return np.asarray(lifted / lifted.sum(axis=1, keepdims=True), dtype=np.float64)

    def _lines(self, rng: Generator, draws: int) -> list[Floats]:
        """Lines drawn from each arm's belief, (width, draws)."""
        lines = []
        for gram, target in zip(self.gram, self.target, strict=True):
            root = np.linalg.cholesky(np.linalg.inv(gram))
            mean = np.linalg.solve(gram, target)
            spread = root @ rng.normal(size=(len(target), draws))
            lines.append(mean[:, None] + self.noise * spread)
        return lines
