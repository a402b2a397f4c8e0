"""Sufficient statistics of a metric: counts and sums that add, and what follows from them."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from math import isfinite

from launchopt_core.errors import ImpossibleInput, TooFewObservations

WIDE = Context(prec=200)  # sums of squares outgrow the 28 digits that Decimal keeps by default

Number = int | float | Decimal


@dataclass(frozen=True)
class Moments:
    """How many customers, the sum of their values, and the sum of the squares.

    Sums may be Decimal (exact, as the database keeps them), int or float; adding keeps the type.

    >>> Moments(2, 3, 5) + Moments(1, 4, 16)
    Moments(count=3, sum=7, sum_squares=21)
    >>> Moments.of([1, 2, 4]).mean, round(Moments.of([1, 2, 4]).variance, 3)
    (2.3333333333333335, 2.333)
    """

    count: int
    sum: Number
    sum_squares: Number

    def __post_init__(self) -> None:
        if self.count < 0 or not (isfinite(self.sum) and isfinite(self.sum_squares)):
            raise ImpossibleInput(f"{self} is no sum of observations: it must be finite.")
        if self.sum_squares < 0:
            raise ImpossibleInput(f"{self} is no sum of observations: squares are never negative.")

    @classmethod
    def of(cls, values: Iterable[Number]) -> "Moments":
        """The moments of the values themselves."""
        count, total, squares = 0, Decimal(0), Decimal(0)
        for value in values:
            exact = Decimal(value)
            count, total = count + 1, WIDE.add(total, exact)
            squares = WIDE.fma(exact, exact, squares)
        return cls(count, total, squares)

    @classmethod
    def of_proportion(cls, successes: int, trials: int) -> "Moments":
        """The moments of ones and zeros: a one is its own square."""
        if not 0 <= successes <= trials:
            raise ImpossibleInput(f"{successes} successes in {trials} trials is no proportion.")
        return cls(trials, successes, successes)

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(
            self.count + other.count,
            _added(self.sum, other.sum),
            _added(self.sum_squares, other.sum_squares),
        )

    @property
    def mean(self) -> float:
        if self.count < 1:
            raise TooFewObservations("There is no mean of no customers.")
        return float(self.sum) / self.count

    @property
    def variance(self) -> float:
        """The unbiased sample variance, ddof = 1.

        Computed in exact arithmetic: sum_squares and sum^2 / count may agree in their first digits.
        """
        if self.count < 2:
            raise TooFewObservations("A variance needs at least two customers.")
        total, squares = Fraction(self.sum), Fraction(self.sum_squares)
        spread = squares * self.count - total * total
        return max(float(spread / (self.count * (self.count - 1))), 0.0)


@dataclass(frozen=True)
class PairedMoments:
    """Moments of two figures of the same customers, and the sum of their products.

    >>> pairs = PairedMoments.of([(1, 0), (2, 3), (4, 6)])
    >>> pairs.cross, pairs.covariance
    (Decimal('30'), 4.5)
    """

    value: Moments
    covariate: Moments
    cross: Number

    def __post_init__(self) -> None:
        if self.value.count != self.covariate.count:
            raise ImpossibleInput(f"{self} pairs different numbers of customers.")
        if not isfinite(self.cross):
            raise ImpossibleInput(f"{self} is no sum of observations: it must be finite.")

    @classmethod
    def of(cls, pairs: Iterable[tuple[Number, Number]]) -> "PairedMoments":
        """The moments of the pairs themselves."""
        exact = [(Decimal(value), Decimal(other)) for value, other in pairs]
        cross = Decimal(0)
        for value, other in exact:
            cross = WIDE.fma(value, other, cross)
        return cls(Moments.of(v for v, _ in exact), Moments.of(o for _, o in exact), cross)

    def __add__(self, other: "PairedMoments") -> "PairedMoments":
        return PairedMoments(
            self.value + other.value,
            self.covariate + other.covariate,
            _added(self.cross, other.cross),
        )

    def less(self, slope: float) -> Moments:
        """The moments of value - slope x covariate.

        >>> PairedMoments.of([(1, 0), (3, 1), (5, 2)]).less(2.0).variance
        0.0
        """
        if slope == 0:
            return self.value
        one, exact = self.value, Decimal(slope)
        total = WIDE.fma(-exact, Decimal(self.covariate.sum), Decimal(one.sum))
        crossed = WIDE.fma(-2 * exact, Decimal(self.cross), Decimal(one.sum_squares))
        square = WIDE.multiply(exact, exact)
        squares = WIDE.fma(square, Decimal(self.covariate.sum_squares), crossed)
        return Moments(one.count, total, max(squares, Decimal(0)))

    @property
    def covariance(self) -> float:
        """The unbiased sample covariance, ddof = 1, computed in exact arithmetic."""
        count = self.value.count
        if count < 2:
            raise TooFewObservations("A covariance needs at least two customers.")
        product = Fraction(self.value.sum) * Fraction(self.covariate.sum)
        return float((Fraction(self.cross) * count - product) / (count * (count - 1)))


def _added(one: Number, other: Number) -> Number:
    if isinstance(one, Decimal) or isinstance(other, Decimal):
        return WIDE.add(Decimal(one), Decimal(other))
    return one + other
