"""Linear and mixed-integer programs, put together row by row and solved by HiGHS."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SECONDS = 20.0  # for one solution; what is not proven by then has its gap told
GAP = 2e-6


class Solution(NamedTuple):
    """The columns' values, and what no solution can pass."""

    values: Floats
    bound: float


@dataclass
class Program:
    """Maximise `gain` over columns in [low, high], whole where `is_whole`, under rows."""

    gain: Floats
    low: Floats
    high: Floats
    is_whole: NDArray[np.bool_]
    _entries: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    _low: list[Floats] = field(default_factory=list)
    _high: list[Floats] = field(default_factory=list)
    _count: int = 0

    def add(self, entries: "list[Entries]", *, low: ArrayLike, high: ArrayLike) -> None:
        """Rows: the sum of their entries lies between low and high, each (rows,)."""
        lows = np.asarray(low, dtype=float)
        for row, column, value in entries:
            values = np.broadcast_to(np.asarray(value, dtype=float), column.shape)
            self._entries.append((row + self._count, column, values))
        self._low.append(lows)
        self._high.append(np.asarray(high, dtype=float))
        self._count += len(lows)

    def solve(self, *, seconds: float = SECONDS) -> Solution | None:
        """The best columns; None where the rows cannot all be kept."""
        row, column, value = (np.concatenate(part) for part in zip(*self._entries, strict=True))
        matrix = csr_array((value, (row, column)), shape=(self._count, len(self.gain)))
        solved = milp(
            -self.gain,
            constraints=LinearConstraint(
                matrix, np.concatenate(self._low), np.concatenate(self._high)
            ),
            bounds=Bounds(self.low, self.high),
            integrality=self.is_whole,
            options={"mip_rel_gap": GAP, "time_limit": seconds},
        )
        if solved.x is None:
            return None
        bound = solved.fun if solved.mip_dual_bound is None else solved.mip_dual_bound
        return Solution(solved.x, -float(bound))


class Entries(NamedTuple):
    """Places in rows: which row, which column, how much of it."""

    row: Ints
    column: Ints
    value: ArrayLike


def sums(parts: "list[Ints]", *, first: int = 0) -> Entries:
    """One row for each part: the sum of the columns `first` + its indices."""
    row = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    column = np.concatenate([np.zeros(0, np.int64), *parts]).astype(np.int64) + first
    return Entries(row, column, 1.0)
