"""For curves with jumps: which concave stretch each place stays on."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from launchopt_core.budget.curves import Curve, Hill
from launchopt_core.budget.linear import Entries, Program, sums
from launchopt_core.budget.problem import UNLIMITED, Box
from launchopt_core.budget.runs import Run, runs_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HALF = 0.5  # of a cent


def settled_box(curves: Sequence[Curve | Hill], box: Box, spend: Floats, *, cent: Decimal) -> Box:
    """The box cut down to the concave stretch around each place's spend."""
    low, high = box.low.copy(), box.high.copy()
    for place, curve in enumerate(curves):
        if box.minimum[place] or not (isinstance(curve, Hill) and curve.shape <= 1):
            runs = runs_of(curve, low=int(low[place]), high=int(high[place]),
                           minimum=int(box.minimum[place]), cent=cent)  # fmt: skip
            if len(runs) > 1:
                low[place], high[place] = _stretch(runs, float(spend[place]))
    return box._replace(low=low, high=high, minimum=np.zeros_like(low))


def _stretch(runs: Sequence[Run], spend: float) -> tuple[int, int]:
    """Whole cents of the last run that holds the spend; on the convex part of an S, its low end."""
    run = [run for run in runs if run.low - HALF <= spend <= run.high + HALF][-1]
    if run.is_chord:
        return int(np.ceil(runs[-1].low if runs[0].high == 0 else runs[0].low)), int(spend)
    low, high = int(np.ceil(run.low)), int(np.floor(run.high))
    return (low, high) if low <= high else (int(spend), int(spend))


def cheapest_plan(box: Box, members: Sequence[Ints], *, exact: bool = True) -> Floats | None:
    """The least spends, (places,) in cents, that keep all constraints; None where none do.

    With `exact`, in whole cents and with minimum spends; else these are left aside.
    """
    count = len(box.low)
    if int(box.low.sum()) > box.total or (count == 0 and box.group_low.any()):
        return None
    if count == 0:
        return np.zeros(0)
    # More than the largest floor is never needed in one place.
    most = max(int(part.max(initial=0)) for part in (box.low, box.group_low, box.minimum))
    unit = max(1.0, most / 1e6)
    flags = np.flatnonzero(box.minimum > 0) if exact else np.zeros(0, np.int64)
    high = np.minimum(box.high, max(most, 1))
    program = Program(
        gain=np.concatenate([-np.ones(count), np.zeros(len(flags))]),
        low=np.concatenate([box.low / unit, np.zeros(len(flags))]),
        high=np.concatenate([high / unit, np.ones(len(flags))]),
        is_whole=np.repeat([exact and unit == 1.0, True], [count, len(flags)]),
    )
    _add_minimums(program, flags, box.minimum[flags] / unit, high[flags] / unit, first=count)
    ceiling = np.append(box.group_high, box.total).astype(float)
    ceiling[ceiling >= UNLIMITED] = np.inf
    program.add(
        [sums([*members, np.arange(count)])],
        low=np.append(box.group_low, 0) / unit,
        high=ceiling / unit,
    )
    solved = program.solve()
    return None if solved is None else solved.values[:count] * unit


def _add_minimums(
    program: Program, flags: Ints, least: Floats, most: Floats, *, first: int
) -> None:
    """A place is unused, or has its minimum."""
    if not len(flags):
        return
    order = np.arange(len(flags))
    zeros, endless = np.zeros(len(flags)), np.full(len(flags), np.inf)
    spend = Entries(order, flags, 1.0)
    program.add([spend, Entries(order, first + order, -least)], low=zeros, high=endless)
    top = np.maximum(most, least)
    program.add([spend, Entries(order, first + order, -top)], low=-endless, high=zeros)
