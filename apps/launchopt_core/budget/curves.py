"""Response curves: what is expected of the money spent in one place."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from launchopt_core.errors import InvalidAmount, InvalidRate

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_CENTS = 2**53  # beyond it a float no longer holds every whole number


class Pieces(NamedTuple):
    """A curve over whole cents: runs of cents that gain the same."""

    lengths: Ints  # (pieces,) cents in the run, each at least 1
    gains: Floats  # (pieces,) response for each cent of the run


class Bends(NamedTuple):
    """A curve as the points between which it is straight; flat after the last."""

    spend: Floats  # (points,) cents, rising from 0
    response: Floats  # (points,)

    def at(self, spend: Floats) -> Floats:
        """The response to spends in cents."""
        return np.interp(spend, self.spend, self.response)


class Curve(Protocol):
    """Expected response to spend in one cell: straight between points, and flat after the last."""

    def pieces(self, cent: Decimal) -> Pieces:
        """The curve cut at whole cents."""

    def bends(self, cent: Decimal) -> Bends:
        """The points between which the curve is straight."""


@dataclass(frozen=True)
class Hill:
    """scale * s^shape / (s^shape + half^shape): saturating, S-shaped where shape is above 1.

    >>> Hill(scale=10, half=50, shape=1).at(np.array([0.0, 50.0])).tolist()
    [0.0, 5.0]
    """

    scale: float
    half: float  # in units of money: the spend that brings half of the scale
    shape: float
    fitted_on: tuple[float, float] | None = None  # the spends it was learned from, where told

    def __post_init__(self) -> None:
        values = (self.scale, self.half, self.shape)
        if not np.isfinite(values).all() or self.scale < 0 or min(self.half, self.shape) <= 0:
            raise InvalidRate("A hill curve needs scale of 0 or more, half and shape above 0.")

    def at(self, spend: Floats) -> Floats:
        """The response to spends in units of money."""
        with np.errstate(divide="ignore"):
            power = self.shape * (np.log(spend) - np.log(self.half))
        return np.asarray(self.scale / (1.0 + np.exp(np.minimum(-power, 700.0))))


@dataclass(frozen=True, eq=False)
class Sorted:
    """Customers reached in order of their probability; each costs the same.

    Linear between customers and flat after the last: `cost_each` gains one probability.

    >>> curve = Sorted([0.1, 0.3], cost_each=Decimal("0.02"))
    >>> curve.pieces(Decimal("0.01")).gains.round(3).tolist()
    [0.15, 0.05]
    """

    probabilities: ArrayLike  # (customers,) in any order, each in [0, 1]
    cost_each: Decimal

    def __post_init__(self) -> None:
        chances = np.asarray(self.probabilities, dtype=float)
        if chances.ndim != 1 or not ((chances >= 0) & (chances <= 1)).all():
            raise InvalidRate("Probabilities are one list of numbers from 0 to 1.")
        if not self.cost_each.is_finite() or self.cost_each <= 0:
            raise InvalidAmount(f"A contact costs more than 0, not {self.cost_each}.")
        object.__setattr__(self, "probabilities", np.sort(chances)[::-1])

    def pieces(self, cent: Decimal) -> Pieces:
        """Cut at the whole cents around each customer, so that no run hides a change of slope."""
        chances = np.asarray(self.probabilities)
        cost = self._cost_in(cent)
        reached = np.arange(len(chances) + 1, dtype=np.int64) * cost.numerator
        edges = np.unique(
            np.concatenate([reached // cost.denominator, -(-reached // cost.denominator)])
        )
        lengths = np.diff(edges)
        response = self.bends(cent).at(edges)
        return Pieces(lengths, np.minimum.accumulate(np.diff(response) / lengths))

    def bends(self, cent: Decimal) -> Bends:
        """One point for each customer."""
        chances = np.asarray(self.probabilities)
        cost = self._cost_in(cent)
        reached = np.arange(len(chances) + 1, dtype=np.int64) * cost.numerator
        return Bends(reached / cost.denominator, np.concatenate([[0.0], chances.cumsum()]))

    def _cost_in(self, cent: Decimal) -> Fraction:
        cost = Fraction(self.cost_each) / Fraction(cent)
        if len(np.asarray(self.probabilities)) * cost > MOST_CENTS:
            raise InvalidAmount("The audience costs more than can be counted in cents.")
        return cost


@dataclass(frozen=True, eq=False)
class Points:
    """Spend and response at measured points: linear between, flat after the last.

    Without a point at spend 0 the curve begins at (0, 0).
    """

    points: Sequence[tuple[Decimal, float]]

    def __post_init__(self) -> None:
        spends = [spend for spend, _ in self.points]
        if not all(spend.is_finite() and spend >= 0 for spend in spends):
            raise InvalidAmount("The points' spend must be amounts of 0 or more.")
        if any(later <= earlier for earlier, later in pairwise(spends)):
            raise InvalidAmount("The points' spend must rise from point to point.")
        if not np.isfinite([gain for _, gain in self.points]).all():
            raise InvalidRate("The points' responses must be finite numbers.")

    def pieces(self, cent: Decimal) -> Pieces:
        """Cut at whole cents around each point."""
        bends = self.bends(cent)
        edges = np.unique(np.concatenate([np.floor(bends.spend), np.ceil(bends.spend)]))
        lengths: Ints = np.diff(edges).astype(np.int64)
        return Pieces(lengths, np.diff(bends.at(edges)) / lengths)

    def bends(self, cent: Decimal) -> Bends:
        """The points themselves, from 0."""
        given = [(float(spend / cent), float(gain)) for spend, gain in self.points]
        if not given or given[0][0] > 0:
            given.insert(0, (0.0, 0.0))
        spend, response = zip(*given, strict=True)
        return Bends(np.array(spend), np.array(response))
