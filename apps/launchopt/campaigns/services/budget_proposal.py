"""What another budget would do to a launch that runs, from this hour on; nothing is changed."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.db.models import Sum

from launchopt.campaigns.models import BudgetCell, Campaign, Launch
from launchopt.campaigns.selectors import SERVING
from launchopt.campaigns.services.bounds import campaign_and_hour
from launchopt.campaigns.services.budgeting import (
    figures_of_solution,
    over_hours,
    pins_of,
    response_of,
    solved,
)
from launchopt.campaigns.services.pacing import spend_plans
from launchopt.campaigns.services.paid import paid_curves
from launchopt.campaigns.services.places import Pin, Rest, problem_of
from launchopt.campaigns.services.planning import money_faults
from launchopt.campaigns.services.spending import told_spend
from launchopt.operations.errors import Conflict, FieldError, InvalidInput
from launchopt_core.budget import Plan, Problem
from launchopt_core.money import quantise

Hours = dict[datetime, Decimal]


@dataclass(frozen=True)
class Proposal:
    """A launch's plan with another budget, as it would be put in place."""

    launch: Launch  # with the new budget, not saved
    before: Decimal
    committed: Decimal  # spent and promised when it was made
    totals: Mapping[uuid.UUID, Decimal]  # of each campaign, over the whole launch
    wanted: Mapping[uuid.UUID, Hours]  # money of the hours to come
    response: Mapping[uuid.UUID, float]  # expected of them
    figures: Mapping[str, Any]
    since: datetime

    @property
    def unspent(self) -> Decimal:
        """What would buy nothing."""
        return self.launch.budget - sum(self.totals.values(), Decimal(0))


def propose_budget(*, launch: Launch, budget: Decimal, now: datetime) -> Proposal:
    """Lay out what is left of another budget. Raises Conflict where the launch does not run, and
    InvalidInput for a budget below what is spent and promised or for bounds that cannot be kept."""
    launch = Launch.objects.select_related("product", "experiment").get(pk=launch.pk)
    campaigns = {c.pk: c for c in launch.campaigns.select_related("audience", "launch")}
    committed = committed_of(campaigns.values(), now=now)
    check_budget(launch, budget, committed=sum(committed.values(), Decimal(0)))
    if now >= launch.ends_at:
        raise Conflict(f"Its end, {launch.ends_at:%Y-%m-%d %H:%M} UTC, is past.")
    before, launch.budget = launch.budget, budget
    rest = Rest(now.replace(minute=0, second=0, microsecond=0), committed)
    pins = [pin for pin in pins_of(launch) if pin.starts_at >= rest.since]
    launch.plan["paid_curves"] = paid_curves(launch, before=now)
    active = {pk: c for pk, c in campaigns.items() if c.is_active}
    problem = problem_of(launch, active.values(), pins=pins, rest=rest)
    found = solved(problem, launch=launch, campaigns=active)
    wanted, response = _ahead(launch, problem, found, active, rest=rest, pins=pins)
    gone = _gone(launch, campaigns, rest=rest)
    return Proposal(
        launch=launch,
        before=before,
        committed=sum(committed.values(), Decimal(0)),
        totals={
            pk: quantise(
                money + sum(wanted[pk].values(), Decimal(0)), launch.currency, rounding=ROUND_DOWN
            )
            for pk, money in committed.items()
        },
        wanted=wanted,
        response=response,
        figures={
            "paid_curves": launch.plan["paid_curves"],
            **figures_of_solution(launch, problem, found, gone=gone),
        },
        since=rest.since,
    )


def committed_of(campaigns: Collection[Campaign], *, now: datetime) -> dict[uuid.UUID, Decimal]:
    """What each campaign has spent and promised: of a paid channel what it has told, and for what
    it has not told yet what was planned."""
    paid = [campaign for campaign in campaigns if campaign.is_paid]
    told, plans = told_spend(paid, now=now), spend_plans(paid)
    untold = {
        pk: max(plans[pk].target_at(now) - plans[pk].target_at(spend.until), Decimal(0))
        for pk, spend in told.items()
    }
    return {
        c.pk: sum(told[c.pk].by_hour.values(), untold[c.pk])
        if c.pk in told
        else c.reserved + c.spent
        for c in campaigns
    }


def check_budget(launch: Launch, budget: Decimal, *, committed: Decimal) -> None:
    """Raise Conflict where the launch does not run, InvalidInput for a budget that cannot be."""
    if launch.status not in SERVING:
        hint = " Edit its plan instead." if launch.is_editable else ""
        raise Conflict(
            f"A launch that is {launch.get_status_display()} has no budget in flight.{hint}"
        )
    if faults := [FieldError(*fault) for fault in money_faults(budget, launch.currency)]:
        raise InvalidInput(faults[0].detail, faults)
    if budget == launch.budget:
        raise InvalidInput.at("/budget", f"The budget is {budget:f} {launch.currency} already.")
    if budget < committed:
        raise InvalidInput.at(
            "/budget",
            f"{committed:f} {launch.currency} are spent or promised already; the budget cannot fall"
            " below that.",
        )


def _ahead(
    launch: Launch,
    problem: Problem,
    found: Plan,
    campaigns: Mapping[uuid.UUID, Campaign],
    *,
    rest: Rest,
    pins: list[Pin],
) -> tuple[dict[uuid.UUID, Hours], dict[uuid.UUID, float]]:
    """The money of the hours to come by campaign, and what is expected of it."""
    wanted: dict[uuid.UUID, Hours] = defaultdict(dict)
    response: dict[uuid.UUID, float] = defaultdict(float)
    for place in problem.places:
        key, start = campaign_and_hour(place.id)
        amount = found.cells[place.id]
        response[key] += response_of(place, amount, currency=launch.currency)
        if start:
            wanted[key][start] = amount
            continue
        spent = quantise(rest.committed[key], launch.currency, rounding=ROUND_DOWN)
        response[key] -= response_of(place, spent, currency=launch.currency)
        pinned = {pin.starts_at: pin.amount for pin in pins if pin.campaign == key}
        wanted[key] = over_hours(
            launch, campaigns[key], amount - spent, pinned=pinned, since=rest.since
        )
    return wanted, response


def _gone(
    launch: Launch, campaigns: Mapping[uuid.UUID, Campaign], *, rest: Rest
) -> tuple[Decimal, float]:
    """What owned channels have spent, and what was expected of their hours that are over."""
    owned = [c for c in campaigns.values() if c.channel not in launch.curves]
    over = BudgetCell.objects.filter(campaign__in=owned, starts_at__lt=rest.since)
    expected = over.aggregate(sum=Sum("expected_response"))["sum"] or 0.0
    return sum((rest.committed[c.pk] for c in owned), Decimal(0)), expected
