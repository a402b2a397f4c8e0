"""From a plan in fractions of cents to whole cents that still keep every constraint."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from launchopt_core.budget.linear import Entries, Program, sums
from launchopt_core.budget.problem import Box
from launchopt_core.budget.runs import Run

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NEAR = 1e-4  # of a cent: what lies so near to a whole one is that whole one
FLAT = 1e-12  # of the response: what buys less buys nothing


def response_of(runs: Sequence[Sequence[Run]], cents: Ints) -> float:
    """What a plan brings, by the curves themselves."""
    return float(sum(value_at(own, float(at)) for own, at in zip(runs, cents, strict=True)))


def value_at(own: Sequence[Run], spend: float) -> float:
    """One place's response to a spend in cents."""
    return float(own[0].value(np.array([spend]))[0])


def whole_cents(
    spend: Floats, runs: Sequence[Sequence[Run]], box: Box, members: Sequence[Ints]
) -> Ints | None:
    """The best whole cents within a cent or two of each spend; None where none keep all."""
    base = _nearest(spend, box)
    for reach in (1, 3):
        moved = _moved(base, runs, box, members, reach=reach)
        if moved is not None:
            return _without_waste(moved, runs, box, members)
    return None


def _nearest(spend: Floats, box: Box) -> Ints:
    base = np.clip(np.floor(spend + NEAR).astype(np.int64), box.low, box.high)
    short = (base > 0) & (base < box.minimum)  # 0 or the minimum, whichever is nearer
    return np.where(short, np.where(base * 2 < box.minimum, 0, box.minimum), base)


def _moved(
    base: Ints, runs: Sequence[Sequence[Run]], box: Box, members: Sequence[Ints], *, reach: int
) -> Ints | None:
    """Each place a few cents up or down, by what the cents gain there."""
    count = len(base)
    up = np.where((base == 0) & (box.minimum > 1), 0, np.minimum(reach, box.high - base))
    least = np.maximum(box.low, np.where(base > 0, box.minimum, 0))
    down = np.minimum(reach, base - least)
    gain = np.array([_gains(own, int(at)) for own, at in zip(runs, base, strict=True)])
    scale = max(float(np.abs(gain).max()), 1e-300)
    program = Program(
        gain=np.concatenate([gain[:, 0], -gain[:, 1]]) / scale,
        low=np.zeros(2 * count),
        high=np.concatenate([up, down]).astype(float),
        is_whole=np.ones(2 * count, dtype=bool),
    )
    every = [*members, np.arange(count)]
    held = np.array([base[part].sum() for part in every])
    low = np.append(box.group_low, 0) - held
    high = np.append(box.group_high, box.total) - held
    plus = sums(every)
    program.add([plus, Entries(plus.row, plus.column + count, -1.0)], low=low, high=high)
    solved = program.solve()
    if solved is None:
        return None
    steps = np.round(solved.values).astype(np.int64)
    return base + steps[:count] - steps[count:]


def _gains(own: Sequence[Run], at: int) -> tuple[float, float]:
    """What the next cent brings, and what the last one brought."""
    around = own[0].value(np.array([max(at - 1, 0), at, at + 1], dtype=float))
    return float(around[2] - around[1]), float(around[1] - around[0])


def _without_waste(
    cents: Ints, runs: Sequence[Sequence[Run]], box: Box, members: Sequence[Ints]
) -> Ints:
    """Take back what buys nothing, as far as floors allow."""
    pairs = zip(members, box.group_low, strict=True)
    spare = [int(cents[part].sum()) - int(low) for part, low in pairs]
    groups = [[g for g, part in enumerate(members) if i in part] for i in range(len(cents))]
    kept = cents.copy()
    for i, own in enumerate(runs):
        room = min([int(kept[i] - box.low[i]), *(spare[g] for g in groups[i])])
        less = _least_with_same(own, int(kept[i]), room=room, minimum=int(box.minimum[i]))
        for g in groups[i]:
            spare[g] -= int(kept[i]) - less
        kept[i] = less
    return kept


def _least_with_same(own: Sequence[Run], cents: int, *, room: int, minimum: int) -> int:
    """The fewest cents, at most `room` fewer, that bring as much."""
    enough = value_at(own, float(cents))
    enough -= FLAT * abs(enough)
    if room >= cents and value_at(own, 0.0) >= enough:
        return 0
    low, high = max(cents - room, min(minimum, cents)), cents
    bends = own[0].bends or (own[-1].bends)
    if bends is None or low >= high:
        return cents
    candidates = np.ceil(bends.spend[(bends.spend >= low) & (bends.spend < high)])
    for candidate in [low, *candidates.astype(int).tolist()]:
        if value_at(own, float(candidate)) >= enough:
            return int(candidate)
    return cents
