"""Groups whose shares changed on the way, so that the change cannot fake an effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from launchopt_core.inference.differences import Outcome
from launchopt_core.moments import Moments

NOBODY = Moments(0, 0, 0)


@dataclass(frozen=True)
class Stratum:
    """A group's customers assigned under the same weights, and the share they were drawn with."""

    moments: Moments
    share: float


def outcome_of_strata(group: Sequence[Stratum]) -> Outcome:
    """The group's mean in which each customer counts by 1 / share, as an outcome of shape ().

    Hajek's estimator with the linearised variance (Lunceford and Davidian, 2004, Statistics in
    Medicine 23), judged by the normal. A share that never changed gives the plain mean, for
    Welch's comparison. Computed in exact arithmetic.

    >>> early, late = Stratum(Moments(100, 40, 40), 0.1), Stratum(Moments(800, 80, 80), 0.8)
    >>> round(float(outcome_of_strata([early, late]).mean), 3)
    0.25
    """
    total = sum((stratum.moments for stratum in group), NOBODY)
    if len({stratum.share for stratum in group}) <= 1:
        mean = total.mean if total.count else np.nan
        return _outcome(total.count, mean, total.variance if total.count > 1 else np.nan)
    mean, variance = _weighted_mean(group)
    return _outcome(total.count, mean, variance * total.count, is_normal=True)


def _outcome(count: int, mean: float, variance: float, *, is_normal: bool = False) -> Outcome:
    at, spread = np.asarray(mean, dtype=float), np.asarray(variance, dtype=float)
    return Outcome(np.asarray(float(count)), at, spread, at, np.asarray(is_normal))


def _weighted_mean(group: Sequence[Stratum]) -> tuple[float, float]:
    """The weighted mean, and the variance of that mean."""
    weight = sum(s.moments.count / s.share for s in group)
    mean = sum(float(s.moments.sum) / s.share for s in group) / weight
    spread = sum(_squares_about(mean, s.moments) / s.share**2 for s in group)
    return mean, spread / weight**2


def _squares_about(mean: float, moments: Moments) -> float:
    exact, total = Fraction(mean), Fraction(moments.sum)
    squares = Fraction(moments.sum_squares) - 2 * exact * total + moments.count * exact**2
    return max(float(squares), 0.0)
