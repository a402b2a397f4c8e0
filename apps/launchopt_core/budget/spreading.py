"""Whole cents for many places: rounded down, then a cent at a time where it is needed or pays."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from launchopt_core.budget.linear import Program, sums
from launchopt_core.budget.market import Market, kinds_of
from launchopt_core.budget.problem import Box

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NEAR = 1e-6  # of a cent


def whole_by_steps(spend: Floats, market: Market, box: Box, members: Sequence[Ints]) -> Ints | None:
    """Whole cents near the spends that keep every constraint; None where none were found."""
    cents = np.clip(np.floor(spend + NEAR).astype(np.int64), box.low, box.high)
    cents = np.where((cents > 0) & (cents < box.minimum), box.minimum, cents)
    sheet = _Sheet(cents, box, members)
    sheet.lower(market)
    sheet.meet_floors(market)
    if not sheet.is_kept():
        whole = _by_program(cents, box, members)
        if whole is None:
            return None
        sheet = _Sheet(whole, box, members)
    sheet.fill(market)
    return sheet.cents if sheet.is_kept() else None


class _Sheet:
    """The cents, and the room that each group and the total still have."""

    def __init__(self, cents: Ints, box: Box, members: Sequence[Ints]) -> None:
        every = [*members, np.arange(len(cents))]
        held = np.array([int(cents[part].sum()) for part in every])
        self.cents = cents.copy()
        self.high, self.minimum = box.high, box.minimum
        self.least = np.maximum(box.low, box.minimum)
        self.room: list[int] = (np.append(box.group_high, box.total) - held).tolist()
        self.short: list[int] = (np.append(box.group_low, 0) - held).tolist()
        kinds = kinds_of(len(cents), members)
        groups: list[list[int]] = [[len(members)] for _ in range(kinds.max(initial=0) + 1)]
        for g, part in enumerate(members):
            for kind in np.unique(kinds[part]).tolist():
                groups[kind].append(g)
        self.groups = [groups[kind] for kind in kinds.tolist()]

    def is_kept(self) -> bool:
        """Whether every floor and every ceiling holds."""
        return min(self.room) >= 0 and max(self.short) <= 0

    def lower(self, market: Market) -> None:
        """Take cents back where a group or the total has too many, the least useful first."""
        if min(self.room) >= 0:
            return
        now = self.cents.astype(float)
        loss = market.value(now) - market.value(np.maximum(now - 1, 0))
        for place in np.argsort(loss).tolist():
            over = max(-self.room[g] for g in self.groups[place])
            free = min(-self.short[g] for g in self.groups[place])
            most = min(over, free, int(self.cents[place] - self.least[place]))
            if most > 0:
                self._move(place, -most)

    def meet_floors(self, market: Market) -> None:
        """Add cents to groups that are short of their floor, where they gain most."""
        needy = [g for g, short in enumerate(self.short) if short > 0]
        if not needy:
            return
        is_needed = [any(g in needy for g in own) for own in self.groups]
        for place in self._by_gain(market, np.array(is_needed)):
            self._add(place, most=max(self.short[g] for g in self.groups[place]))

    def fill(self, market: Market) -> None:
        """Add a cent wherever it pays and there is room."""
        for place in self._by_gain(market, self.cents < self.high):
            if self.room[-1] == 0:
                return
            self._add(place, most=1)

    def _by_gain(self, market: Market, among: NDArray[np.bool_]) -> list[int]:
        now = self.cents.astype(float)
        gain = market.value(now + 1) - market.value(now)
        at = np.flatnonzero(among & (gain >= 0) & ((self.cents > 0) | (self.minimum <= 1)))
        order: list[int] = at[np.argsort(-gain[at])].tolist()
        return order

    def _add(self, place: int, *, most: int) -> None:
        room = min(self.room[g] for g in self.groups[place])
        cents = min(room, most, int(self.high[place] - self.cents[place]))
        if cents > 0:
            self._move(place, cents)

    def _move(self, place: int, by: int) -> None:
        self.cents[place] += by
        for g in self.groups[place]:
            self.room[g] -= by
            self.short[g] -= by


def _by_program(cents: Ints, box: Box, members: Sequence[Ints]) -> Ints | None:
    """The smallest whole steps that keep every constraint, by a mixed-integer program."""
    count = len(cents)
    least = np.maximum(box.low, np.where(cents > 0, box.minimum, 0))
    most = np.where((cents == 0) & (box.minimum > 1), 0, box.high)
    program = Program(
        gain=np.concatenate([-np.ones(count), -np.ones(count)]),
        low=np.zeros(2 * count),
        high=np.concatenate([most - cents, cents - least]).clip(0).astype(float),
        is_whole=np.ones(2 * count, dtype=bool),
    )
    every = [*members, np.arange(count)]
    held = np.array([cents[part].sum() for part in every])
    plus = sums(every)
    program.add(
        [plus, plus._replace(column=plus.column + count, value=-1.0)],
        low=np.append(box.group_low, 0) - held,
        high=np.append(box.group_high, box.total) - held,
    )
    solved = program.solve()
    if solved is None:
        return None
    steps = np.round(solved.values).astype(np.int64)
    return cents + steps[:count] - steps[count:]
