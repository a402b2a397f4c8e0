"""Money over channel x audience x hour, from the chances of those who may be contacted."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

import numpy as np
from django.db import transaction

from launchopt.campaigns.models import BudgetCell, BudgetPlan, Campaign, Launch
from launchopt.campaigns.services.bounds import campaign_and_hour, refusal_of
from launchopt.campaigns.services.paid import paid_curves
from launchopt.campaigns.services.places import Pin, hours_of, problem_of
from launchopt_core.budget import (
    Hill,
    Infeasible,
    Place,
    Plan,
    Problem,
    Sorted,
    beyond_data,
    solve,
)
from launchopt_core.estimates import Source
from launchopt_core.money import from_minor, minor_unit, quantise, to_minor

WHAT_IF = tuple(Decimal(share) for share in ("0.5", "1", "1.5", "2"))
NOTHING = (Decimal(0), 0.0)


@transaction.atomic
def lay_out_budget(
    *, launch: Launch, now: datetime, pins: Iterable[Pin] | None = None
) -> BudgetPlan:
    """Split the launch's budget; what a person pinned stays, the rest is laid out at its best.

    Each customer stands in one hour of a channel; who is held out or left out costs nothing. Cells
    and what stays unspent sum to the budget. Raises InvalidInput naming what cannot all be kept.
    """
    kept = pins_of(launch) if pins is None else list(pins)
    campaigns = {
        c.pk: c for c in launch.campaigns.filter(is_active=True).select_related("audience")
    }
    launch.plan["paid_curves"] = paid_curves(launch, before=launch.planned_as_of or now)
    problem = problem_of(launch, campaigns.values(), pins=kept)
    found = solved(problem, launch=launch, campaigns=campaigns)
    plan = _save(launch, problem, found, campaigns=campaigns, pins=kept, now=now)
    launch.plan |= figures_of_solution(launch, problem, found)
    Launch.objects.filter(pk=launch.pk).update(plan=launch.plan)
    return plan


def solved(problem: Problem, *, launch: Launch, campaigns: Mapping[uuid.UUID, Campaign]) -> Plan:
    """The best plan. Raises InvalidInput naming what cannot all be kept."""
    try:
        return solve(problem)
    except Infeasible as infeasible:
        raise refusal_of(infeasible, launch=launch, campaigns=campaigns) from None


def figures_of_solution(
    launch: Launch, problem: Problem, found: Plan, *, gone: tuple[Decimal, float] = NOTHING
) -> dict[str, Any]:
    """What the next money would bring, how far the plan goes beyond the data, and other budgets.

    `gone` is what was spent before the plan began, and what was expected of it.
    """
    return {
        "marginal_response": _margin(launch, problem, found),
        **_beyond_data(problem, found),
        "what_if": what_if(launch, problem, as_planned=found, gone=gone),
    }


def what_if(
    launch: Launch, problem: Problem, *, as_planned: Plan, gone: tuple[Decimal, float]
) -> list[dict[str, Any]]:
    """What other budgets would buy: money as text, and the response; None where they are too small
    for what must be spent."""
    rows = []
    for share in WHAT_IF:
        budget = quantise(launch.budget * share, launch.currency)
        more = replace(problem, total=problem.total + budget - launch.budget)
        found = as_planned if share == 1 else _solved(more)
        told = {"spent": None, "expected_response": None}
        if found:
            told = {
                "spent": f"{gone[0] + found.spent:f}",
                "expected_response": gone[1] + found.expected_response,
            }
        rows.append({"share": float(share), "budget": f"{budget:f}"} | told)
    return rows


def _solved(problem: Problem) -> Plan | None:
    try:
        return solve(problem) if problem.total >= 0 else None
    except Infeasible:
        return None


def pins_of(launch: Launch) -> list[Pin]:
    """What a person set by hand."""
    rows = BudgetCell.objects.filter(budget_plan__launch=launch, is_pinned=True)
    return [Pin(row.campaign_id, row.starts_at, row.amount) for row in rows]


def _save(
    launch: Launch,
    problem: Problem,
    found: Plan,
    *,
    campaigns: Mapping[uuid.UUID, Campaign],
    pins: Iterable[Pin],
    now: datetime,
) -> BudgetPlan:
    plan, _ = BudgetPlan.objects.update_or_create(
        launch=launch,
        defaults={
            "total": launch.budget,
            "unspent": found.unspent,
            "expected_response": found.expected_response,
            "created_at": now,
        },
    )
    plan.cells.all().delete()
    laid = [
        cell
        for place in problem.places
        for cell in _cells(launch, place, found.cells[place.id], campaigns=campaigns, pins=pins)
    ]
    for cell in laid:
        cell.budget_plan = plan
    BudgetCell.objects.bulk_create(laid, batch_size=5_000)
    return plan


def _cells(
    launch: Launch,
    place: Place,
    amount: Decimal,
    *,
    campaigns: Mapping[uuid.UUID, Campaign],
    pins: Iterable[Pin],
) -> list[BudgetCell]:
    """The hours of a place with money in them; of what a person pinned, with none, too."""
    key, start = campaign_and_hour(place.id)
    campaign = campaigns[key]
    pinned = {pin.starts_at: pin.amount for pin in pins if pin.campaign == key}
    response = response_of(place, amount, currency=launch.currency)
    laid = {start: amount} if start else over_hours(launch, campaign, amount, pinned=pinned)
    return [
        cell_of(
            campaign,
            at=at,
            amount=part,
            expected=response * float(part / amount) if amount else 0.0,
            is_pinned=at in pinned,
        )
        for at, part in laid.items()
        if part or at in pinned
    ]


def cell_of(
    campaign: Campaign, *, at: datetime, amount: Decimal, expected: float, is_pinned: bool
) -> BudgetCell:
    """An hour of a campaign, with the contacts that its money buys; not saved, and of no plan."""
    return BudgetCell(
        campaign=campaign,
        starts_at=at,
        amount=amount,
        contacts=int((amount / campaign.cost_per_contact).to_integral(ROUND_DOWN)),
        expected_response=expected,
        is_pinned=is_pinned,
    )


def over_hours(
    launch: Launch,
    campaign: Campaign,
    amount: Decimal,
    *,
    pinned: Mapping[datetime, Decimal],
    since: datetime | None = None,
) -> dict[datetime, Decimal]:
    """Money of a paid channel by the activity of its hours, to the cent, around what is pinned."""
    hours = hours_of(launch, campaign.audience_id, since=since)
    hours = [h for h in hours if h.start not in pinned]
    edges = np.cumsum([h.share for h in hours])
    cents = to_minor(amount - sum(pinned.values(), Decimal(0)), launch.currency)
    whole = np.diff(np.round(cents * edges / edges[-1]), prepend=0.0).astype(int).tolist()
    parts = zip((h.start for h in hours), whole, strict=True)
    return dict(pinned) | {at: from_minor(part, launch.currency) for at, part in parts}


def _beyond_data(problem: Problem, found: Plan) -> dict[str, Any]:
    """The figure of how far the plan goes beyond the spends that paid channels' curves know."""
    beyond = beyond_data(problem, found)
    if beyond is None:
        return {}
    detail = "share of the money above the spends that the curves of paid channels were fitted on"
    return {"beyond_data": {"value": beyond[0], "source": Source.MEASURED.value, "detail": detail}}


def response_of(place: Place, amount: Decimal, *, currency: str) -> float:
    """What is expected of an amount in a place."""
    if isinstance(place.curve, Hill):
        return float(place.curve.at(np.array([float(amount)]))[0])
    cent = minor_unit(currency)
    return float(place.curve.bends(cent).at(np.array([float(amount / cent)]))[0])


def _margin(launch: Launch, problem: Problem, found: Plan) -> dict[str, Any]:
    """What the next unit of money would bring: a contact that brings less is not worth its cost."""
    waiting = [_next(place, found.cells[place.id]) for place in problem.places if place.pin is None]
    return {
        "value": 0.0 if found.unspent else max(waiting, default=0.0),
        "source": _source_of_chances(launch),
        "detail": f"purchases that one more {launch.currency} would bring, at the margin of the "
        "budget",
    }


def _next(place: Place, amount: Decimal) -> float:
    """What a unit of money brings in one place beyond an amount; of owned channels alone."""
    if not isinstance(place.curve, Sorted):
        return 0.0
    chances = np.asarray(place.curve.probabilities)
    reached = int(amount / place.curve.cost_each)
    return float(chances[reached] / float(place.curve.cost_each)) if reached < len(chances) else 0.0


def _source_of_chances(launch: Launch) -> str:
    if launch.goes_by_uplift:
        return str(launch.plan["decided_by"]["source"])
    return str(launch.plan.get("conversion_rate", {}).get("source", Source.PRIOR.value))
