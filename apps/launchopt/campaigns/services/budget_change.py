"""More or less money for a launch that runs: what is left is laid out anew over its hours to come.

The new plan is found while decisions go on, as that may take seconds in a large shop; it is put in
place, and paced, in one short step that holds the campaigns.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum

from launchopt.campaigns.models import BudgetCell, BudgetPlan, Campaign, Launch
from launchopt.campaigns.selectors import SERVING
from launchopt.campaigns.services.bounds import campaign_and_hour
from launchopt.campaigns.services.budgeting import (
    contacts_for,
    figures_of_solution,
    over_hours,
    pins_of,
    response_of,
    solved,
)
from launchopt.campaigns.services.forecasting import figures_of_money
from launchopt.campaigns.services.locking import lock_campaigns
from launchopt.campaigns.services.pacing import pace_campaigns, spend_plans
from launchopt.campaigns.services.paid import paid_curves
from launchopt.campaigns.services.places import Pin, Rest, problem_of
from launchopt.campaigns.services.planning import money_faults
from launchopt.campaigns.services.spending import told_spend
from launchopt.operations.errors import Conflict, FieldError, InvalidInput
from launchopt.operations.services import record_audit
from launchopt_core.budget import Plan, Problem, continued
from launchopt_core.money import minor_unit, quantise

TRIES = 3

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


def change_budget(
    *,
    launch: Launch,
    budget: Decimal,
    reason: str,
    by: Any,
    now: datetime,
    is_simulated: bool = False,
) -> BudgetPlan:
    """Raise or lower the budget of a launch that runs or is paused, with a reason that is audited.

    Hours that are over keep their plan; from this hour on what is left is laid out anew, and paced
    at once. Raises Conflict where the launch does not run or money moves too fast, and InvalidInput
    without a reason, for an amount below what is spent and promised, and for bounds that cannot be
    kept.
    """
    if not reason.strip():
        raise InvalidInput.at("/reason", "Say why the budget changes; it is kept with the change.")
    now = launch.on_its_clock(now, is_simulated=is_simulated)
    for _ in range(TRIES):
        proposal = propose_budget(launch=launch, budget=budget, now=now)
        plan = _put(proposal, reason=reason.strip(), by=by, now=now)
        if plan is not None:
            return plan
    raise Conflict("Money moves faster than it can be planned; pause the launch and try again.")


def propose_budget(*, launch: Launch, budget: Decimal, now: datetime) -> Proposal:
    """What another budget would do from this hour on; nothing is changed. Raises as above."""
    launch = Launch.objects.select_related("product", "experiment").get(pk=launch.pk)
    campaigns = {c.pk: c for c in launch.campaigns.select_related("audience", "launch")}
    committed = committed_of(campaigns.values(), now=now)
    _check(launch, budget, committed=sum(committed.values(), Decimal(0)))
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


def _check(launch: Launch, budget: Decimal, *, committed: Decimal) -> None:
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


@transaction.atomic
def _put(proposal: Proposal, *, reason: str, by: Any, now: datetime) -> BudgetPlan | None:
    """Put it in place; None where meanwhile more was promised than it leaves, or a person came
    first."""
    campaigns = lock_campaigns(proposal.launch.campaigns.all())
    launch = Launch.objects.select_for_update(of=("self",)).get(pk=proposal.launch.pk)
    if launch.budget != proposal.before or not _reaches(proposal, campaigns, now=now):
        return None
    _check(launch, proposal.launch.budget, committed=proposal.committed)
    launch.budget = proposal.launch.budget
    plan = _lay(launch, proposal, campaigns=campaigns, now=now)
    launch.plan |= {**proposal.figures, **figures_of_money(launch, plan)}
    launch.save(update_fields=["budget", "plan"])
    if launch.status == Launch.Status.RUNNING:
        pace_campaigns(campaigns.values(), now=now)
    record_audit(
        action="change_budget",
        subject=f"launch:{launch.pk}",
        by=by,
        now=now,
        before={"budget": _told(launch, proposal.before)},
        after={
            "budget": _told(launch, launch.budget),
            "unspent": _told(launch, plan.unspent),
        },
        note=reason,
    )
    return plan


def _told(launch: Launch, amount: Decimal) -> str:
    return f"{quantise(amount, launch.currency):f} {launch.currency}"


def _reaches(proposal: Proposal, campaigns: Mapping[Any, Campaign], *, now: datetime) -> bool:
    """Whether each campaign may still hold what it has spent and promised by now; totals are
    rounded down, so that a part of a cent may be missing."""
    cent = minor_unit(proposal.launch.currency)
    committed = committed_of(campaigns.values(), now=now)
    return committed.keys() == proposal.totals.keys() and all(
        money < proposal.totals[pk] + cent for pk, money in committed.items()
    )


def _lay(
    launch: Launch, proposal: Proposal, *, campaigns: Mapping[Any, Campaign], now: datetime
) -> BudgetPlan:
    stored = BudgetCell.objects.filter(campaign__in=campaigns.values()).order_by("starts_at")
    cells: dict[uuid.UUID, list[BudgetCell]] = defaultdict(list)
    for cell in stored:
        cells[cell.campaign_id].append(cell)
    plan = BudgetPlan.objects.get(launch=launch)
    laid = [
        cell
        for pk, campaign in campaigns.items()
        for cell in _cells(launch, proposal, campaign, stored=cells[pk])
    ]
    for cell in laid:
        cell.budget_plan = plan
    stored.delete()
    BudgetCell.objects.bulk_create(laid, batch_size=5_000)
    plan.total, plan.created_at = launch.budget, now
    plan.unspent = launch.budget - sum((cell.amount for cell in laid), Decimal(0))
    plan.expected_response = sum(cell.expected_response for cell in laid)
    plan.save()
    return plan


def _cells(
    launch: Launch, proposal: Proposal, campaign: Campaign, *, stored: list[BudgetCell]
) -> list[BudgetCell]:
    """A campaign's hours: those over as they were, where the money reaches, and the new."""
    over = {cell.starts_at: cell for cell in stored if cell.starts_at < proposal.since}
    pinned = {c.starts_at for c in stored if c.is_pinned and c.starts_at >= proposal.since}
    wanted = proposal.wanted.get(campaign.pk) or {proposal.since: Decimal(0)}
    past, ahead = continued(
        {at: cell.amount for at, cell in over.items()},
        dict(sorted(wanted.items())),
        total=proposal.totals[campaign.pk],
        currency=launch.currency,
        pinned=pinned,
    )
    money = sum(ahead.values(), Decimal(0))
    response = proposal.response.get(campaign.pk, 0.0)
    expected = {at: cell.expected_response for at, cell in over.items()}
    expected |= {at: response * float(part / money) if money else 0.0 for at, part in ahead.items()}
    was_pinned = {at for at, cell in over.items() if cell.is_pinned}
    return [
        BudgetCell(
            campaign=campaign,
            starts_at=at,
            amount=part,
            contacts=contacts_for(part, campaign),
            expected_response=expected[at],
            is_pinned=at in pinned | was_pinned,
        )
        for at, part in (past | ahead).items()
        if part or at in pinned | was_pinned
    ]
