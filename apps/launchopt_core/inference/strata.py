"""Groups whose shares changed on the way, so that the change cannot fake an effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from launchopt_core.inference.differences import Outcome
from launchopt_core.moments import Moments, PairedMoments

NOBODY = Moments(0, 0, 0)


@dataclass(frozen=True)
class Stratum:
    """A group's customers assigned under the same weights, and the share they were drawn with."""

    moments: Moments
    share: float


@dataclass(frozen=True)
class PairedStratum:
    """A stratum whose customers are known by what they did beforehand, too."""

    paired: PairedMoments
    share: float

    def less(self, slope: float) -> Stratum:
        """The stratum with what the covariate explains taken out."""
        return Stratum(self.paired.less(slope), self.share)


def outcomes_of_pair(
    control: Sequence[PairedStratum], treatment: Sequence[PairedStratum]
) -> tuple[Outcome, Outcome]:
    """Both groups as outcomes of shape (), with what is known beforehand taken out (CUPED).

    The slope is pooled over the pair, as in `compare`; each group keeps its plain mean beside the
    adjusted one.
    """
    slope = pooled_slope([*control, *treatment])
    before, after = (_adjusted(group, slope) for group in (control, treatment))
    return before, after


def pooled_slope(strata: Sequence[PairedStratum]) -> float:
    """The slope of the value on the covariate over all customers; 0 where nothing helps."""
    nobody = PairedMoments(NOBODY, NOBODY, 0)
    total = sum((stratum.paired for stratum in strata), nobody)
    if total.value.count < 2 or total.value.variance == 0 or total.covariate.variance == 0:
        return 0.0
    return total.covariance / total.covariate.variance


def _adjusted(group: Sequence[PairedStratum], slope: float) -> Outcome:
    plain = outcome_of_strata([stratum.less(0.0) for stratum in group])
    if slope == 0:
        return plain
    adjusted = outcome_of_strata([stratum.less(slope) for stratum in group])
    return replace(adjusted, plain_mean=plain.mean)


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
