"""Money over channels, audiences and hours: the best split to the cent, under a ceiling.

Floors, ceilings and concave curves that are straight between points, and those exactly. Groups,
S-shaped curves and a minimum spend are `solving`'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from launchopt_core.budget.curves import MOST_CENTS, Curve
from launchopt_core.errors import FloorsAboveBudget, InvalidAmount, InvalidRate
from launchopt_core.money import from_minor, minor_unit, quantise, to_minor

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FLAT = 1e-12  # slopes that differ by less are the same


class NotConcave(InvalidRate):
    """A curve that somewhere rises faster than before: the best cents first is not the best."""


class CellKey(NamedTuple):
    """Where money goes: a channel, an audience, an hour. Any hashable hour will do."""

    channel: str
    audience: str
    hour: object


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

    >>> from launchopt_core.budget import Sorted
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
    if (gains < 0).any() or (np.diff(gains) > FLAT * gains.max(initial=1.0)).any():
        raise NotConcave(f"{cell.key}: the curve must rise ever more slowly (be concave).")
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
