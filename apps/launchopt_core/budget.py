"""Money over channels, audiences and hours: the best split to the cent, under a ceiling.

Concave problems only, and those exactly. Curves that are not concave (S-shaped, or with a minimum
spend where used at all) have no place here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from launchopt_core.errors import FloorsAboveBudget, InvalidAmount, InvalidRate
from launchopt_core.money import from_minor, minor_unit, quantise, to_minor

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GOLDEN = (5**0.5 - 1) / 2  # its multiples spread evenly over [0, 1) however many there are
MOST_CENTS = 2**53  # beyond it a float no longer holds every whole number


class CellKey(NamedTuple):
    """Where money goes: a channel, an audience, an hour. Any hashable hour will do."""

    channel: str
    audience: str
    hour: object


class Pieces(NamedTuple):
    """A concave curve over whole cents: runs of cents that gain the same, none above the last."""

    lengths: Ints  # (pieces,) cents in the run, each at least 1
    gains: Floats  # (pieces,) response for each cent of the run, non-increasing


class Curve(Protocol):
    """Expected response to spend in one cell: concave, 0 at 0, and flat after its last piece."""

    def pieces(self, cent: Decimal) -> Pieces:
        """The curve cut at whole cents."""


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
        cost = Fraction(self.cost_each) / Fraction(cent)
        if len(chances) * cost > MOST_CENTS:
            raise InvalidAmount("The audience costs more than can be counted in cents.")
        reached = np.arange(len(chances) + 1, dtype=np.int64) * cost.numerator
        edges = np.unique(
            np.concatenate([reached // cost.denominator, -(-reached // cost.denominator)])
        )
        total = np.concatenate([[0.0], chances.cumsum()])
        response = np.interp(edges, reached / cost.denominator, total)
        lengths = np.diff(edges)
        gains = np.diff(response) / lengths if len(lengths) else np.zeros(0)
        return Pieces(lengths, np.minimum.accumulate(gains))


@dataclass(frozen=True, eq=False)
class Points:
    """Spend and response at measured points, from (0, 0): linear between, flat after the last."""

    points: Sequence[tuple[Decimal, float]]

    def __post_init__(self) -> None:
        spends = [Decimal(0), *(spend for spend, _ in self.points)]
        if any(later <= earlier for earlier, later in pairwise(spends)):
            raise InvalidAmount("The points' spend must rise from point to point, above 0.")
        slopes = self._slopes()
        if (slopes < 0).any() or (np.diff(slopes) > 1e-12).any():
            raise InvalidRate("The points must rise ever more slowly (a concave curve).")

    def _slopes(self) -> Floats:
        spend = np.array([0.0, *(float(spend) for spend, _ in self.points)])
        response = np.array([0.0, *(gain for _, gain in self.points)])
        return np.diff(response) / np.diff(spend)

    def pieces(self, cent: Decimal) -> Pieces:
        """Cut at whole cents around each point."""
        spend = np.array([0.0, *(float(spend / cent) for spend, _ in self.points)])
        response = np.array([0.0, *(gain for _, gain in self.points)])
        edges = np.unique(np.concatenate([np.floor(spend), np.ceil(spend)])).astype(np.int64)
        lengths = np.diff(edges)
        gains = np.diff(np.interp(edges, spend, response)) / lengths
        return Pieces(lengths, np.minimum.accumulate(gains))


@dataclass(frozen=True)
class Cell:
    """One place for money, its curve, and what must and may be spent there."""

    key: CellKey
    curve: Curve
    floor: Decimal = Decimal(0)
    ceiling: Decimal | None = None


@dataclass(frozen=True)
class Allocation:
    """A budget split to the cent; `spent` + `unspent` is the total.

    `marginal_response` is what one more unit of money would have brought at the margin: a contact
    that brings less for its cost is not worth it.
    """

    cells: Mapping[CellKey, Decimal]
    responses: Mapping[CellKey, float]
    spent: Decimal
    unspent: Decimal
    expected_response: float
    marginal_response: float = field(default=0.0)


def allocate(total: Decimal, cells: Sequence[Cell], currency: str) -> Allocation:
    """The split of at most `total` over the cells that responds most, to the cent.

    Every curve is concave, so taking the best cents first is optimal (Fox, 1966, Discrete
    optimization via marginal analysis). Floors come first; what would buy nothing stays unspent.

    >>> cheap = Cell(CellKey("email", "all", 0), Sorted([0.2, 0.1], Decimal("0.01")))
    >>> dear = Cell(CellKey("sms", "all", 0), Sorted([0.9], Decimal("0.10")))
    >>> plan = allocate(Decimal("0.11"), [cheap, dear], "GBP")
    >>> [str(amount) for amount in plan.cells.values()], str(plan.unspent)
    (['0.02', '0.09'], '0.00')
    """
    cents = _checked_total(total, currency)
    runs = _Runs.of(cells, minor_unit(currency), currency)
    taken = runs.taken_within(cents)
    spend = np.bincount(runs.cell, weights=taken, minlength=len(cells)).astype(np.int64)
    response = np.bincount(runs.cell, weights=taken * runs.gain, minlength=len(cells))
    spent = int(spend.sum())
    keys = [cell.key for cell in cells]
    return Allocation(
        cells={key: from_minor(int(c), currency) for key, c in zip(keys, spend, strict=True)},
        responses=dict(zip(keys, response.tolist(), strict=True)),
        spent=from_minor(spent, currency),
        unspent=from_minor(cents - spent, currency),
        expected_response=float(response.sum()),
        marginal_response=runs.marginal_gain(taken) / float(minor_unit(currency)),
    )


def hours_of_customers(count: int, weights: ArrayLike) -> Ints:
    """The one hour (an index into the weights) in which each customer of a channel stands.

    Customers come best first. Multiples of the golden ratio (Weyl's sequence) give every hour its
    share of the customers, and of the good ones among them; nobody stands in two.

    >>> np.bincount(hours_of_customers(1000, [3, 1])).tolist()
    [750, 250]
    """
    shares = np.asarray(weights, dtype=float)
    if shares.ndim != 1 or not np.isfinite(shares).all() or (shares < 0).any() or not shares.any():
        raise InvalidRate("Hours need weights of 0 or more, and at least one above 0.")
    places = np.arange(1, count + 1) * GOLDEN % 1.0
    edges = shares.cumsum() / shares.sum()
    edges[np.flatnonzero(shares)[-1] :] = 1.0  # no rounding error opens an hour without weight
    return np.searchsorted(edges, places, side="right")


def split_over_hours(probabilities: ArrayLike, weights: ArrayLike) -> list[Floats]:
    """An audience's probabilities by hour, each customer in one hour, best first within it."""
    best_first = np.sort(np.asarray(probabilities, dtype=float))[::-1]
    hours = hours_of_customers(len(best_first), weights)
    return [best_first[hours == hour] for hour in range(len(np.asarray(weights)))]


@dataclass(frozen=True)
class _Runs:
    """All cells' runs of cents in one table, the best first; forced runs before all others."""

    cell: Ints
    length: Ints
    gain: Floats
    forced: NDArray[np.bool_]

    @classmethod
    def of(cls, cells: Sequence[Cell], cent: Decimal, currency: str) -> "_Runs":
        tables = [_runs_of(cell, cent, currency) for cell in cells]
        if len({cell.key for cell in cells}) != len(cells):
            raise InvalidRate("Two cells have the same channel, audience and hour.")
        empty = np.zeros(0)
        length = np.concatenate([empty.astype(np.int64), *(t[0] for t in tables)])
        gain = np.concatenate([empty, *(t[1] for t in tables)])
        forced = np.concatenate([empty.astype(bool), *(t[2] for t in tables)])
        cell = np.repeat(np.arange(len(cells)), [len(t[0]) for t in tables])
        worth = forced | (gain > 0)
        order = np.lexsort((-gain, ~forced))
        order = order[worth[order]]
        return cls(cell[order], length[order], gain[order], forced[order])

    def taken_within(self, cents: int) -> Ints:
        """How many cents of each run are bought, (runs,)."""
        if (needed := int(self.length[self.forced].sum())) > cents:
            raise FloorsAboveBudget(f"The floors need {needed} cents of a budget of {cents}.")
        before = self.length.cumsum() - self.length
        return np.clip(cents - before, 0, self.length)

    def marginal_gain(self, taken: Ints) -> float:
        """The response to the next cent; 0 when there is nothing more to buy."""
        waiting = np.flatnonzero((taken < self.length) & ~self.forced)
        return float(self.gain[waiting[0]]) if len(waiting) else 0.0


def _runs_of(cell: Cell, cent: Decimal, currency: str) -> tuple[Ints, Floats, NDArray[np.bool_]]:
    """A cell's runs, cut at its floor and its ceiling: length, gain, forced."""
    floor, ceiling = _bounds(cell, currency)
    lengths, gains = cell.curve.pieces(cent)
    reach = int(lengths.sum())
    if reach < floor:  # beyond the curve a floor buys nothing, yet it must be spent
        lengths, gains = np.append(lengths, floor - reach), np.append(gains, 0.0)
    ends = lengths.cumsum()
    top = int(ends[-1]) if len(ends) else 0
    edges = np.unique(np.concatenate([[0], ends, [min(floor, top), min(ceiling, top)]]))
    edges = edges[edges <= ceiling]
    piece = np.searchsorted(ends, edges[:-1], side="right")
    return np.diff(edges), gains[piece], edges[1:] <= floor


def _bounds(cell: Cell, currency: str) -> tuple[int, int]:
    floor = to_minor(cell.floor, currency)
    ceiling = MOST_CENTS if cell.ceiling is None else to_minor(cell.ceiling, currency)
    if not 0 <= floor <= ceiling:
        raise InvalidAmount(f"{cell.key}: the floor must lie between 0 and the ceiling.")
    return floor, ceiling


def _checked_total(total: Decimal, currency: str) -> int:
    if not total.is_finite() or total < 0:
        raise InvalidAmount(f"A budget is an amount of 0 or more, not {total}.")
    if quantise(total, currency) > from_minor(MOST_CENTS, currency):
        raise InvalidAmount(f"A budget of {total} is more than can be counted in cents.")
    return to_minor(total, currency)
