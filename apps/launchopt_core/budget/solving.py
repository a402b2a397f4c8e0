"""The best plan for a budget problem of any kind, with the bound that proves how good it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from launchopt_core.budget.conflicts import conflict_in
from launchopt_core.budget.curves import Hill
from launchopt_core.budget.large import plan_of_many
from launchopt_core.budget.marginal import Cell, CellKey, NotConcave, allocate
from launchopt_core.budget.mixed import Found, NoPlan, best_plan
from launchopt_core.budget.problem import Box, Infeasible, Layout, Problem, box_of
from launchopt_core.budget.runs import runs_of
from launchopt_core.errors import FloorsAboveBudget
from launchopt_core.money import from_minor, minor_unit, to_minor

Ints = NDArray[np.int64]

EXACT_UP_TO = 200  # places; beyond it prices lead to the plan


@dataclass(frozen=True)
class Plan:
    """Money by place; `spent` + `unspent` is the total to the cent.

    No plan that keeps the constraints responds more than `upper_bound`.
    """

    cells: Mapping[str, Decimal]
    spent: Decimal
    unspent: Decimal
    expected_response: float
    upper_bound: float


def solve(problem: Problem) -> Plan:
    """The plan that responds most under every constraint; what would buy nothing stays unspent.

    Raises Infeasible, with the constraints in conflict, where no plan keeps all of them.

    >>> from launchopt_core.budget import Hill, Place
    >>> places = [Place(id=name, curve=Hill(scale=9, half=5, shape=1)) for name in "ab"]
    >>> plan = solve(Problem(total=Decimal(10), currency="GBP", places=places))
    >>> plan.cells["a"], plan.unspent, plan.expected_response
    (Decimal('5.00'), Decimal('0.00'), 9.0)
    """
    layout = Layout.of(problem)
    box = box_of(layout, layout.bounds)
    if box is None:
        raise _infeasible(layout)
    try:
        found = _found(problem, layout, box)
    except NoPlan:
        raise _infeasible(layout) from None
    spent = int(found.cents.sum())
    amounts = {cents: from_minor(cents, problem.currency) for cents in {*found.cents.tolist()}}
    pairs = zip(problem.places, found.cents.tolist(), strict=True)
    return Plan(
        cells={place.id: amounts[cents] for place, cents in pairs},
        spent=from_minor(spent, problem.currency),
        unspent=from_minor(layout.total - spent, problem.currency),
        expected_response=found.response,
        upper_bound=found.upper_bound,
    )


def _found(problem: Problem, layout: Layout, box: Box) -> Found:
    if layout.count == 0:
        if box.group_low.any():
            raise NoPlan
        return Found(np.zeros(0, np.int64), 0.0, 0.0)
    if (plain := _plain(problem, layout, box)) is not None:
        return plain
    cent = minor_unit(problem.currency)
    if layout.count > EXACT_UP_TO:
        return plan_of_many([p.curve for p in problem.places], box, layout.members, cent=cent)
    limits = zip(box.low.tolist(), box.high.tolist(), box.minimum.tolist(), strict=True)
    runs = [
        runs_of(place.curve, low=low, high=high, minimum=minimum, cent=cent)
        for place, (low, high, minimum) in zip(problem.places, limits, strict=True)
    ]
    return best_plan(runs, box, layout.members)


def _plain(problem: Problem, layout: Layout, box: Box) -> Found | None:
    """The best cents first, which is exact where every curve is straight between points and bends
    down, and nothing binds places together but the total; None where it is not so."""
    curves = [place.curve for place in problem.places if not isinstance(place.curve, Hill)]
    if len(curves) < layout.count or problem.groups or box.minimum.any():
        return None
    currency = problem.currency
    money = [(from_minor(low, currency), from_minor(high, currency)) for low, high in _ends(box)]
    cells = [
        Cell(CellKey("", str(index), 0), curve, floor=low, ceiling=high)
        for index, (curve, (low, high)) in enumerate(zip(curves, money, strict=True))
    ]
    try:
        best = allocate(problem.total, cells, currency)
    except NotConcave:
        return None
    except FloorsAboveBudget:
        raise NoPlan from None
    cents = np.array([to_minor(best.cells[cell.key], currency) for cell in cells], np.int64)
    cent = minor_unit(currency)
    response = best.expected_response + sum(float(c.bends(cent).response[0]) for c in curves)
    return Found(cents, response, response)


def _ends(box: Box) -> list[tuple[int, int]]:
    return list(zip(box.low.tolist(), box.high.tolist(), strict=True))


def _infeasible(layout: Layout) -> Infeasible:
    return Infeasible([bound.name for bound in conflict_in(layout)])


def beyond_data(problem: Problem, plan: Plan) -> tuple[float, list[str]] | None:
    """The share of the spend that lies above what curves were fitted on, and the places it is in.

    None where no curve tells what it was fitted on.
    """
    known = [
        (place.id, float(plan.cells[place.id]), place.curve.fitted_on[1])
        for place in problem.places
        if isinstance(place.curve, Hill) and place.curve.fitted_on
    ]
    if not known:
        return None
    beyond = {name: spent - most for name, spent, most in known if spent > most}
    spent = float(plan.spent)
    return (sum(beyond.values()) / spent if spent else 0.0), list(beyond)
