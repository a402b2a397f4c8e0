"""Treatment minus control, and how sure of it the data makes us; arrays, one entry a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from launchopt_core.inference import cuped, ratio
from launchopt_core.inference.samples import Bools, Floats, Kind, Sample

NORMAL = (Kind.PROPORTION, Kind.QUANTILE)  # whose error the normal judges


@dataclass(frozen=True)
class Outcome:
    """A group's mean and the variance of one unit's part in it."""

    count: Floats
    mean: Floats
    variance: Floats
    plain_mean: Floats  # before a covariate adjusted it
    is_normal: Bools  # whether its error is judged by the normal, not by Student's t

    @classmethod
    def stacked(cls, outcomes: Sequence[Outcome]) -> Self:
        """Several outcomes as one array of them."""
        fields = ("count", "mean", "variance", "plain_mean", "is_normal")
        return cls(*(np.stack([getattr(o, name) for o in outcomes]) for name in fields))


@dataclass(frozen=True)
class Difference:
    """The estimate, its standard error, and what judges it. NaN where nothing can be told.

    Nothing is told of groups of fewer than two units, nor where no unit differs from another:
    then the error is unknown, not zero.
    """

    estimate: Floats
    standard_error: Floats
    degrees: Floats  # of freedom of Student's t; infinite for the normal
    units: Floats  # of both groups
    base: Floats  # the control's mean, before a covariate adjusted it
    relative_estimate: Floats
    relative_error: Floats

    @property
    def relative(self) -> Self:
        """The same difference as a share of the control's mean."""
        return replace(self, estimate=self.relative_estimate, standard_error=self.relative_error)

    @property
    def statistic(self) -> Floats:
        return self.estimate / self.standard_error


def compare(control: Sample, treatment: Sample) -> Difference:
    """Compare groups pair by pair: Welch's means, Wald's proportions, ratios, with CUPED.

    Welch (1947, Biometrika 34). Two proportions have Wald's unpooled error, judged by the normal,
    so that p < alpha exactly where the interval leaves zero out (Fleiss, Levin and Paik, 2003,
    Statistical Methods for Rates and Proportions, 3rd ed., 3.5).

    >>> def bought(n): return Sample.from_sums(kind=[0], count=[100], sum=[n], sum_squares=[n])
    >>> difference = compare(bought(10), bought(30))
    >>> difference.estimate.round(3), difference.standard_error.round(4)
    (array([0.2]), array([0.0548]))
    """
    slope = cuped.theta(control, treatment)
    return difference_of(_outcome(control, slope), _outcome(treatment, slope))


def difference_of(control: Outcome, treatment: Outcome) -> Difference:
    """Treatment minus control; relative to the control by the delta method.

    Var(T/C) = Var(T)/C^2 + T^2 Var(C)/C^4 (Deng, Knoblich and Lu, 2018, KDD).
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = _part(control), _part(treatment)
        error = _unless_zero(np.sqrt(parts[0] + parts[1]))
        estimate = treatment.mean - control.mean
        base = np.where(control.plain_mean == 0, np.nan, control.plain_mean)
        quotient = treatment.plain_mean / base
        relative_error = np.sqrt(parts[1] + quotient**2 * parts[0]) / np.abs(base)
        is_normal = control.is_normal | treatment.is_normal
        degrees = np.where(is_normal, np.inf, _welch_degrees(control, treatment, parts))
    return Difference(
        estimate=estimate,
        standard_error=error,
        degrees=degrees,
        units=control.count + treatment.count,
        base=np.broadcast_to(control.plain_mean, estimate.shape),
        relative_estimate=estimate / base,
        relative_error=_unless_zero(relative_error),
    )


def outcome_of(sample: Sample) -> Outcome:
    """Each group by itself, without a covariate."""
    return _outcome(sample, np.zeros(sample.count.shape))


def _outcome(sample: Sample, slope: Floats) -> Outcome:
    mean, spread = cuped.adjusted_mean(sample, slope), cuped.adjusted_variance(sample, slope)
    is_ratio, plain = sample.kind == Kind.RATIO, sample.mean
    if is_ratio.any():
        plain = np.where(is_ratio, ratio.ratio_of(sample), plain)
        mean = np.where(is_ratio, plain, mean)
        spread = np.where(is_ratio, ratio.ratio_variance(sample), spread)
    is_normal = np.isin(sample.kind, NORMAL) & (slope == 0)
    return Outcome(sample.count, mean, spread, plain, is_normal)


def _part(outcome: Outcome) -> Floats:
    """The variance of the mean; NaN below two units."""
    return outcome.variance / np.where(outcome.count >= 2, outcome.count, np.nan)


def _unless_zero(error: Floats) -> Floats:
    return np.where(error > 0, error, np.nan)


def _welch_degrees(control: Outcome, treatment: Outcome, parts: tuple[Floats, Floats]) -> Floats:
    """Satterthwaite's degrees of freedom."""
    spread = parts[0] ** 2 / (control.count - 1) + parts[1] ** 2 / (treatment.count - 1)
    degrees: Floats = (parts[0] + parts[1]) ** 2 / spread
    return degrees
