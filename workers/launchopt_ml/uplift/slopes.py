"""How far a ranking of customers by uplift is to be believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from launchopt_ml.uplift.past import QUANTILE
from launchopt_ml.uplift.trial import Floats, Ints, Trial


@dataclass(frozen=True)
class Slope:
    """What of a predicted difference between customers comes true: 1 all of it, 0 nothing."""

    value: float
    standard_error: float

    @property
    def is_shown(self) -> bool:
        """Whether its 95 % interval leaves zero out, above."""
        return self.value - QUANTILE * self.standard_error > 0

    @property
    def believed(self) -> float:
        """As it is used: nothing where it may be chance, and never more than was predicted."""
        return min(self.value, 1.0) if self.is_shown else 0.0


def slope_of(trial: Trial, launch: Ints, score: Floats) -> Slope:
    """The slope of the effect on a score that was learned from others, launch by launch.

    The best linear predictor of Chernozhukov, Demirer, Duflo and Fernandez-Val (2018, NBER 24678):
    outcome ~ launch + (treated - share) + (treated - share) (score - its launch's mean), weighted
    by 1 / (share (1 - share)), with White's errors.
    """
    assert trial.share is not None, "a launch knows its shares"
    residual = trial.treated - trial.share
    centred = score - _means(score, launch)[launch]
    if centred.std() < 1e-12:
        return Slope(0.0, 0.0)
    by_launch = np.eye(int(launch.max()) + 1)[launch]
    design = np.column_stack([by_launch, by_launch * residual[:, None], centred * residual])
    weight = 1 / (trial.share * (1 - trial.share))
    bread = np.linalg.pinv((design * weight[:, None]).T @ design)
    coefficients = bread @ (design * weight[:, None]).T @ trial.outcome
    errors = weight * (trial.outcome - design @ coefficients)
    meat = (design * errors[:, None] ** 2).T @ design
    return Slope(float(coefficients[-1]), float(np.sqrt((bread @ meat @ bread)[-1, -1])))


def _means(score: Floats, launch: Ints) -> Floats:
    return np.asarray(np.bincount(launch, score) / np.bincount(launch), dtype=np.float64)
