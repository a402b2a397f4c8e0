"""Quantiles: what most customers wait, pay or get, and how sure that is, without any density.

A quantile is an order statistic, and so are the limits of its interval: how many observations lie
below the true quantile is known, whatever their distribution (Conover, 1999, Practical
Nonparametric Statistics, 3rd ed., 3.2). Where a unit has several observations the share below is a
ratio of two sums over units (Deng, Knoblich and Lu, 2018, Applying the delta method in metric
analytics, KDD, 4).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from launchopt_core.errors import InvalidRate, TooFewObservations
from launchopt_core.inference.samples import Floats

SPAN = -float(special.ndtri(0.025))  # standard errors of the share on which the error is read


@dataclass(frozen=True)
class Quantile:
    """A quantile of the observations, and its standard error; NaN where it cannot be told.

    It cannot near the ends, where the ranks leave the sample, nor where those around it are tied.
    """

    value: float
    standard_error: float
    units: int

    @property
    def variance(self) -> float:
        """Of one unit's part in it."""
        return self.units * self.standard_error**2


def quantile_of(
    values: ArrayLike, level: float, *, units: Sequence[Hashable] | None = None
) -> Quantile:
    """The quantile at `level` of observations, `units` telling whose each is.

    Its error is read off the order statistics 1.96 standard errors of the share below and above it,
    so that the interval of the normal at 95 % is as wide as that of the ranks.

    >>> quantile_of(range(1, 1001), 0.5).value
    500.0
    """
    array = np.sort(_checked(values, level))
    if units is None:
        size, error = len(array), np.sqrt(level * (1 - level) / len(array))
    else:
        given = np.asarray(values, dtype=float)
        size, error = _clustered(given <= _at(array, level), units)
    low, high = level - SPAN * error, level + SPAN * error
    spread = _at(array, high) - _at(array, low) if low > 0 and high < 1 else np.nan
    told = spread / (2 * SPAN) if spread > 0 else np.nan
    return Quantile(_at(array, level), float(told), size)


def quantile_interval(
    values: ArrayLike, level: float, *, confidence: float = 0.95
) -> tuple[float, float]:
    """The exact interval of one group's quantile, of independent observations.

    The narrowest ranks of which the binomial says that each side is missed with at most half the
    risk; infinite on a side where the sample is too small to have such a rank (Conover, 1999).

    >>> quantile_interval(range(1, 101), 0.5)
    (40.0, 61.0)
    """
    array = np.sort(_checked(values, level))
    if not 0 < confidence < 1:
        raise InvalidRate(f"A confidence lies between 0 and 1, not at {confidence:g}.")
    risk, count = (1 - confidence) / 2, len(array)
    first = int(stats.binom.ppf(risk, count, level))  # at least so many lie below
    last = int(stats.binom.ppf(1 - risk, count, level)) + 1
    low = float(array[first - 1]) if first >= 1 else -np.inf
    return low, float(array[last - 1]) if last <= count else np.inf


def _checked(values: ArrayLike, level: float) -> Floats:
    if not 0 < level < 1:
        raise InvalidRate(f"The level of a quantile lies between 0 and 1, not at {level:g}.")
    array = np.asarray(values, dtype=float)
    if array.size == 0:
        raise TooFewObservations("There is no quantile of nothing.")
    if not np.isfinite(array).all():
        raise InvalidRate("Observations are finite numbers.")
    return array


def _at(ordered: Floats, level: float) -> float:
    """The smallest observation with at least this share at or below it."""
    rank = int(np.ceil(level * len(ordered) - 1e-9))
    return float(ordered[min(max(rank, 1), len(ordered)) - 1])


def _clustered(below: np.ndarray, units: Sequence[Hashable]) -> tuple[int, float]:
    """How many units there are, and the error of the share below, units being independent."""
    _, index = np.unique(np.asarray(units), return_inverse=True)
    sizes = np.bincount(index).astype(float)
    count = len(sizes)
    if count < 2:
        return count, float("nan")
    apart = np.bincount(index, weights=below) - below.mean() * sizes
    return count, float(np.sqrt(apart.var(ddof=1) / count) / sizes.mean())
