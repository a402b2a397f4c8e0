"""What groups of units have shown, as arrays of one shape: one entry for each group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from launchopt_core.errors import ImpossibleInput
from launchopt_core.moments import Moments

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ROUNDING = 1e-9  # relative, of sums that went through text or floating point


class Kind(IntEnum):
    """What a metric's figure is: a share of ones, a mean per unit, a ratio of two sums, a quantile.

    A quantile has no sums: see `quantiles`.
    """

    PROPORTION = 0
    MEAN = 1
    RATIO = 2
    QUANTILE = 3


@dataclass(frozen=True)
class Companion:
    """A second figure of each unit: a covariate, or a ratio's denominator. NaN where none is."""

    mean: Floats
    variance: Floats
    covariance: Floats  # with the unit's value

    @classmethod
    def none(cls, like: Floats) -> Self:
        """No second figure for any of the groups."""
        nothing = np.full(like.shape, np.nan)
        return cls(nothing, nothing, nothing)

    @property
    def is_there(self) -> Bools:
        return ~np.isnan(self.mean)


@dataclass(frozen=True)
class Sums:
    """Sums over each group's units of a figure, its square, and its product with the value."""

    sum: ArrayLike
    squares: ArrayLike
    cross: ArrayLike


@dataclass(frozen=True)
class Sample:
    """Each group's units: how many, their mean, and the variance of one unit.

    `events` counts the units that did anything; NaN where nobody counted.

    >>> Sample.from_sums(count=[4], sum=[2], sum_squares=[2], kind=[Kind.PROPORTION]).variance
    array([0.25])
    """

    kind: NDArray[np.int8]
    count: Floats
    mean: Floats  # of the value; a ratio's numerator
    variance: Floats
    covariate: Companion
    denominator: Companion
    events: Floats

    @classmethod
    def from_sums(
        cls,
        *,
        kind: ArrayLike,
        count: ArrayLike,
        sum: ArrayLike,
        sum_squares: ArrayLike,
        covariate: Sums | None = None,
        denominator: Sums | None = None,
        events: ArrayLike | None = None,
    ) -> Self:
        """From sufficient statistics. Raises ImpossibleInput naming the first that cannot be."""
        kinds = np.asarray(kind, dtype=np.int8)
        counts, sums, squares = (np.asarray(a, dtype=float) for a in (count, sum, sum_squares))
        _check(kinds, counts, sums, squares)
        mean = _over(sums, counts)
        is_share = kinds == Kind.PROPORTION
        spread = np.where(is_share, mean * (1 - mean), _centred(counts, sums, sums, squares))
        seen = np.where(is_share, sums, np.nan) if events is None else np.asarray(events, float)
        return cls(
            kind=kinds,
            count=counts,
            mean=mean,
            variance=np.maximum(spread, 0),
            covariate=_companion(counts, sums, covariate),
            denominator=_companion(counts, sums, denominator),
            events=seen,
        )

    @classmethod
    def of(cls, moments: Sequence[Moments], *, events: Sequence[float] | None = None) -> Self:
        """Means per unit from exact moments: nothing is lost where squares nearly cancel."""
        count = np.array([m.count for m in moments], dtype=float)
        mean = np.array([m.mean if m.count else np.nan for m in moments])
        spread = np.array([m.variance if m.count > 1 else np.nan for m in moments])
        kind = np.full(count.shape, Kind.MEAN, dtype=np.int8)
        seen = np.full(count.shape, np.nan) if events is None else np.array(events, dtype=float)
        none = Companion.none(count)
        return cls(kind, count, mean, spread, none, none, seen)


def _companion(count: Floats, total: Floats, sums: Sums | None) -> Companion:
    if sums is None:
        return Companion.none(count)
    own, squares, cross = (np.asarray(a, dtype=float) for a in (sums.sum, sums.squares, sums.cross))
    spread = np.maximum(_centred(count, own, own, squares), 0)
    return Companion(_over(own, count), spread, _centred(count, total, own, cross))


def _centred(count: Floats, one: Floats, other: Floats, product: Floats) -> Floats:
    """The unbiased covariance of two figures from their sums, ddof = 1; NaN below two units."""
    return _over(product - one * _over(other, count), np.where(count > 1, count - 1, 0))


def _over(part: Floats, whole: Floats) -> Floats:
    """A quotient; NaN where there is nothing to divide by."""
    nothing = np.full(np.shape(part), np.nan)
    return np.asarray(np.divide(part, whole, out=nothing, where=whole != 0), dtype=np.float64)


def _check(kind: NDArray[np.int8], count: Floats, total: Floats, squares: Floats) -> None:
    with np.errstate(invalid="ignore", divide="ignore"):
        least = np.where(count > 0, total**2 / count, 0)
        _refuse(~(np.isfinite(count) & (count >= 0)), "a count is 0 or more")
        _refuse(~(np.isfinite(total) & np.isfinite(squares)), "sums are finite numbers")
        _refuse(
            (squares < least * (1 - ROUNDING)) & (kind != Kind.PROPORTION),
            "a sum of squares is at least the squared sum over the count",
        )
        outside = (total < 0) | (total > count * (1 + ROUNDING))
        _refuse((kind == Kind.PROPORTION) & outside, "a proportion's sum lies in 0 to its count")


def _refuse(wrong: Bools, rule: str) -> None:
    if wrong.any():
        raise ImpossibleInput(f"Entry {wrong.argmax() + 1} is no sum over units: {rule}.")
