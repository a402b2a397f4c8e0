"""The best plan as a mixed-integer problem, drawn closer to the curves until it is proven.

Each curve is replaced by straight lines nowhere below it, so that the solver's optimum is an upper
bound; where the plan stands the lines are then drawn closer, and it is solved again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from launchopt_core.budget.linear import Entries, Program, sums
from launchopt_core.budget.problem import Box
from launchopt_core.budget.rounding import response_of, whole_cents
from launchopt_core.budget.runs import Run

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CLOSE_ENOUGH = 2e-5  # of the response: below it the plan is called proven
ROUNDS = 14
COUNTABLE = 2_000_000  # up to so many cents in all the solver can count whole cents itself
FINE = 1e5  # the total in the solver's own unit, where it does not count cents


class Found(NamedTuple):
    """A plan in cents, what it brings, and what no plan can pass."""

    cents: Ints
    response: float
    upper_bound: float

    def is_proven(self) -> bool:
        """Whether no plan could be better by more than what is close enough."""
        return self.upper_bound - self.response <= CLOSE_ENOUGH * max(abs(self.response), 1e-12)


class NoPlan(Exception):
    """No plan keeps all constraints, at least not in whole cents."""


@dataclass(frozen=True)
class Corners:
    """The lines above all places' curves: a column for each corner, told by place and by run."""

    spend: Floats  # (corners,)
    response: Floats  # (corners,)
    place: Ints  # (corners,)
    run: Ints  # (corners,)
    chosen: Ints  # the runs of places that have several: one of these must be chosen

    @classmethod
    def of(cls, runs: Sequence[Sequence[Run]]) -> "Corners":
        """The corners of all runs of all places."""
        tables = [(place, *run.vertices()) for place, own in enumerate(runs) for run in own]
        sizes = [len(spend) for _, spend, _ in tables]
        several = np.concatenate([np.full(len(own), len(own) > 1) for own in runs])
        return cls(
            np.concatenate([spend for _, spend, _ in tables]),
            np.concatenate([response for _, _, response in tables]),
            np.repeat([place for place, _, _ in tables], sizes),
            np.repeat(np.arange(len(tables)), sizes),
            np.flatnonzero(several),
        )


def best_plan(runs: list[list[Run]], box: Box, members: Sequence[Ints]) -> Found:
    """The plan that responds most. Raises NoPlan where the constraints cannot all be kept."""
    best = _refined(runs, box, members, is_whole=False)
    if best is not None and best.is_proven():
        return best
    if box.total <= COUNTABLE:
        best = _better(best, _refined(runs, box, members, is_whole=True))
    if best is None:
        raise NoPlan
    return best


def _better(one: Found | None, other: Found | None) -> Found | None:
    """The better of two plans of one problem, under the lower of their bounds."""
    plans = [plan for plan in (one, other) if plan is not None]
    if not plans:
        return None
    bound = min(plan.upper_bound for plan in plans)
    best = max(plans, key=lambda plan: plan.response)
    return best._replace(upper_bound=max(bound, best.response))


def _refined(
    runs: list[list[Run]], box: Box, members: Sequence[Ints], *, is_whole: bool
) -> Found | None:
    """Solve, round, draw the lines closer, until proven. None where whole cents cannot keep all."""
    best: Found | None = None
    for _ in range(ROUNDS):
        spend, bound = _solve(Corners.of(runs), box, members, is_whole=is_whole)
        cents = whole_cents(spend, runs, box, members)
        if cents is None:
            return best
        response = response_of(runs, cents)
        best = _better(best, Found(cents, response, max(bound, response)))
        if best is None or best.is_proven():
            return best
        runs[:] = [_closer(own, float(at)) for own, at in zip(runs, spend, strict=True)]
    return best


def _closer(own: list[Run], spend: float) -> list[Run]:
    inside = [run.low <= spend <= run.high for run in own]
    return [
        part
        for run, here in zip(own, inside, strict=True)
        for part in (run.refine(spend) if here else [run])
    ]


def _solve(
    corners: Corners, box: Box, members: Sequence[Ints], *, is_whole: bool
) -> tuple[Floats, float]:
    """The spend in each place, (places,) in cents, and the solver's bound on the response.

    Columns: the corners' weights, the spends, then a flag for each run that may be chosen.
    """
    count, width, flags = len(box.low), len(corners.spend), len(corners.chosen)
    unit = 1.0 if is_whole else max(1.0, box.total / FINE)
    scale = max(float(np.abs(corners.response).max()), 1e-300)
    spends, every = width + np.arange(count), np.arange(width)
    program = Program(
        gain=np.concatenate([corners.response / scale, np.zeros(count + flags)]),
        low=np.concatenate([np.zeros(width), box.low / unit, np.zeros(flags)]),
        high=np.concatenate([np.ones(width), box.high / unit, np.ones(flags)]),
        is_whole=np.repeat([False, is_whole, True], [width, count, flags]),
    )
    ones, zeros = np.ones(count), np.zeros(count)
    program.add([Entries(corners.place, every, 1.0)], low=ones, high=ones)
    program.add(
        [
            Entries(corners.place, every, corners.spend / unit),
            Entries(np.arange(count), spends, -1.0),
        ],
        low=zeros,
        high=zeros,
    )
    _add_choices(program, corners, first=width + count)
    low, high = np.append(box.group_low, 0), np.append(box.group_high, box.total)
    program.add([sums([*members, np.arange(count)], first=width)], low=low / unit, high=high / unit)
    solved = program.solve()
    if solved is None:
        raise NoPlan
    return solved.values[spends] * unit, solved.bound * scale


def _add_choices(program: Program, corners: Corners, *, first: int) -> None:
    """The weights of a run that is not chosen are 0."""
    if not len(corners.chosen):
        return
    flags = np.arange(len(corners.chosen))
    at = np.flatnonzero(np.isin(corners.run, corners.chosen))
    row = np.searchsorted(corners.chosen, corners.run[at])
    program.add(
        [Entries(row, at, 1.0), Entries(flags, first + flags, -1.0)],
        low=np.zeros(len(flags)),
        high=np.zeros(len(flags)),
    )
