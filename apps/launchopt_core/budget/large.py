"""Plans for any number of places: prices give the bound, and a linear program keeps every word.

Places that the same groups hold face the same price, so they are handled as one: what they buy at
prices around the best is a ladder, and the plan stands between its rungs, where no place can lose.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from launchopt_core.budget.curves import Curve, Hill
from launchopt_core.budget.linear import Entries, Program
from launchopt_core.budget.market import Market, kinds_of
from launchopt_core.budget.mixed import Found, NoPlan
from launchopt_core.budget.prices import Prices
from launchopt_core.budget.problem import Box
from launchopt_core.budget.settling import cheapest_plan, settled_box
from launchopt_core.budget.spreading import whole_by_steps

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RUNGS = (0.02, 0.0, -0.02)  # prices above and below the best, dear to cheap
DEARER = (1.0, 1.001, 1.02, 1.2, 2.0)  # prices at which curves with jumps are settled
PLANS_COMPARED = 2
MIDDLE = 2  # the rung at the best prices
TOO_DEAR = 1e12
MOVED_FIRST = 2_000  # kinds
WELL = 0.9999  # of the bound: a plan so good needs no more kinds to move


def plan_of_many(
    curves: Sequence[Curve | Hill], box: Box, members: Sequence[Ints], *, cent: Decimal
) -> Found:
    """A plan and its bound. Raises NoPlan where the constraints cannot all be kept."""
    if int(box.low.sum()) > box.total:
        raise NoPlan
    market = Market(curves, box, cent=cent)
    prices = Prices.of(market, box, members)
    prices.search()
    if not market.has_jumps():
        return _plan_at(prices, market, box, members)
    plans = _settled_plans(curves, box, members, prices, cent=cent)
    best = max(plans, key=lambda plan: plan.response, default=None)
    if best is None:
        raise NoPlan
    return best._replace(upper_bound=max(prices.bound, best.response))


def _plan_at(prices: Prices, market: Market, box: Box, members: Sequence[Ints]) -> Found:
    cents = whole_by_steps(_kept(market, prices, box, members), market, box, members)
    if cents is None:
        raise NoPlan
    response = float(market.value(cents.astype(float)).sum())
    return Found(cents, response, max(prices.bound, response))


def _settled_plans(
    curves: Sequence[Curve | Hill],
    box: Box,
    members: Sequence[Ints],
    prices: Prices,
    *,
    cent: Decimal,
) -> Iterator[Found]:
    """Plans in which each place stays on that concave stretch of its curve where prices put it.

    At higher prices fewer places are used. Where no such plan keeps all constraints, the places
    used are those of the cheapest plan that does.
    """
    patterns = (
        prices.market.bought_at(prices.of_places(prices.best * dearer)) for dearer in DEARER
    )
    tried = 0
    for spend in chain(patterns, _cheapest(box, members)):
        settled = settled_box(curves, box, spend, cent=cent)
        market = Market(curves, settled, cent=cent)
        inner = Prices.of(market, settled, members)
        try:
            inner.search()
            yield _plan_at(inner, market, settled, members)
            tried += 1
        except NoPlan:
            continue
        if tried == PLANS_COMPARED:
            return


def _cheapest(box: Box, members: Sequence[Ints]) -> Iterator[Floats]:
    spend = cheapest_plan(box, members)
    if spend is not None:
        yield spend


def _kept(market: Market, prices: Prices, box: Box, members: Sequence[Ints]) -> Floats:
    """Spends, (places,), that keep the total and every group.

    Prices leave little to mend, so a part of the kinds may move first; all may where that is
    not enough.
    """
    ladder = _Ladder.of(market, prices, kinds_of(market.count, members))
    every = np.ones(ladder.held.shape[1], dtype=bool)
    if len(every) > 2 * MOVED_FIRST:
        few = ladder.held[MIDDLE] >= np.sort(ladder.held[MIDDLE])[-MOVED_FIRST]
        spend = ladder.climbed(box, members, may_move=few)
        if spend is not None and market.value(spend).sum() >= WELL * prices.bound:
            return spend
    spend = ladder.climbed(box, members, may_move=every)
    if spend is None:
        raise NoPlan
    return spend


@dataclass(frozen=True)
class _Ladder:
    """What places buy at prices from far too dear to far too cheap, and kinds of places in sum."""

    kind: Ints  # (places,)
    rungs: list[Floats]  # each (places,)
    held: Floats  # (rungs, kinds)
    worth: Floats  # (rungs, kinds)

    @classmethod
    def of(cls, market: Market, prices: Prices, kind: Ints) -> "_Ladder":
        """The rungs around the best prices, between the least and the most of each place."""
        price = prices.of_places(prices.best)
        unit = np.maximum(np.abs(price), np.abs(price).mean() * 1e-3)
        rungs = [
            market.bought_at(np.full(market.count, TOO_DEAR)),
            *(market.bought_at(price + rung * unit) for rung in RUNGS),
            market.bought_at(np.full(market.count, -TOO_DEAR)),
        ]
        held = np.array([np.bincount(kind, weights=rung) for rung in rungs])
        worth = np.array([np.bincount(kind, weights=market.value(rung)) for rung in rungs])
        return cls(kind, rungs, held, worth)

    def climbed(
        self, box: Box, members: Sequence[Ints], *, may_move: NDArray[np.bool_]
    ) -> Floats | None:
        """Spends, (places,), between the rungs; kinds that may not move stand on the middle one."""
        steps = np.diff(self.held, axis=0)  # each 0 or more
        gain = np.divide(np.diff(self.worth, axis=0), steps, out=0 * steps, where=steps > 0)
        free = (steps > 0) & may_move
        taken = np.where(np.arange(len(steps))[:, None] < MIDDLE, steps, 0.0) * ~may_move
        bought = _bought(steps, gain, free, self.held[0] + taken.sum(axis=0), box=box,
                         groups=[np.unique(self.kind[part]) for part in members])  # fmt: skip
        if bought is None:
            return None
        share = np.divide(taken + bought, steps, out=0 * steps, where=steps > 0)[:, self.kind]
        spend = self.rungs[0].copy()
        for step in range(len(steps)):
            spend += share[step] * (self.rungs[step + 1] - self.rungs[step])
        return spend


def _bought(
    steps: Floats,
    gain: Floats,
    free: NDArray[np.bool_],
    held: Floats,
    *,
    box: Box,
    groups: Sequence[Ints],
) -> Floats | None:
    """How much of each free step is bought, (steps, kinds); None where none keeps all."""
    at = np.flatnonzero(free)
    kind = at % steps.shape[1]
    inside = np.array([np.isin(np.arange(len(held)), group) for group in groups])
    rows = np.vstack([inside.reshape(-1, len(held)), np.ones(len(held), dtype=bool)])
    base, least, most = (
        rows @ held,
        np.append(box.group_low, 0),
        np.append(box.group_high, box.total),
    )
    if not len(at):
        return np.zeros(steps.shape) if ((least <= base) & (base <= most)).all() else None
    unit = max(1.0, box.total / 1e5)
    scale = max(float(np.abs(gain).max(initial=0.0)), 1e-300)
    program = Program(
        gain=gain.ravel()[at] / scale,
        low=np.zeros(len(at)),
        high=steps.ravel()[at] / unit,
        is_whole=np.zeros(len(at), dtype=bool),
    )
    row, column = np.nonzero(rows[:, kind])
    program.add([Entries(row, column, 1.0)], low=(least - base) / unit, high=(most - base) / unit)
    solved = program.solve()
    if solved is None:
        return None
    bought = np.zeros(steps.size)
    bought[at] = np.clip(solved.values * unit, 0, steps.ravel()[at])
    return bought.reshape(steps.shape)
