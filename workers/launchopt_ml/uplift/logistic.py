"""Logistic regression with a ridge: what holds where there are few buyers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from launchopt_ml.uplift.trial import Floats

RIDGE = 100.0  # of the squared weights, features having a spread of 1
FARTHEST = 4.0  # spreads from the mean, that a feature counts as
STEPS = 12  # of Newton's method; it has long stopped moving


@dataclass(frozen=True)
class Logistic:
    """The chance of an outcome, by a weighted sum of features. One unknown counts as the mean."""

    middle: Floats  # (features,)
    spread: Floats  # (features,)
    weights: Floats  # (1 + features,), the first alone is what everybody has

    @classmethod
    def fit(cls, features: Floats, outcome: Floats) -> Self:
        """Learn from (customers, features) and their outcomes (customers,), each 0 or 1."""
        spread = np.nanstd(features, axis=0)
        start = np.zeros(1 + features.shape[1])
        start[0] = _log_odds((outcome.sum() + 0.5) / (len(outcome) + 1))
        model = cls(np.nanmean(features, axis=0), np.where(spread > 1e-9, spread, 1.0), start)
        known = model._known(features)
        ridge = np.diag(np.append(1.0, np.full(features.shape[1], RIDGE)))
        weights = start
        for _ in range(STEPS):
            chance = _chance(known @ weights)
            slope = known.T @ (outcome - chance) - ridge @ (weights - start)
            bend = (known * (chance * (1 - chance))[:, None]).T @ known + ridge
            weights = weights + np.linalg.solve(bend, slope)
        return cls(model.middle, model.spread, weights)

    def predict(self, features: Floats) -> Floats:
        """(customers, features) -> (customers,), between 0 and 1."""
        return _chance(self._known(features) @ self.weights)

    def _known(self, features: Floats) -> Floats:
        """(customers, 1 + features), in spreads from the mean."""
        away = np.nan_to_num((features - self.middle) / self.spread, nan=0.0)
        return np.column_stack([np.ones(len(away)), np.clip(away, -FARTHEST, FARTHEST)])


def _log_odds(chance: float) -> float:
    return float(np.log(chance / (1 - chance)))


def _chance(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -30, 30))), dtype=np.float64)
