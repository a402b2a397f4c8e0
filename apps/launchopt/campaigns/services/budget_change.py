"""More or less money for a launch that runs: what is left is laid out anew over its hours to come.

The new plan is found while decisions go on, as that may take seconds in a large shop; it is put in
place, and paced, in one short step that holds the campaigns.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from launchopt.campaigns.models import BudgetCell, BudgetPlan, Campaign, Launch
from launchopt.campaigns.services.budget_proposal import (
    Proposal,
    check_budget,
    committed_of,
    propose_budget,
)
from launchopt.campaigns.services.budgeting import cell_of
from launchopt.campaigns.services.forecasting import figures_of_money
from launchopt.campaigns.services.locking import lock_campaigns
from launchopt.campaigns.services.pacing import pace_campaigns
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt.operations.services import record_audit
from launchopt_core.budget import continued
from launchopt_core.money import minor_unit, quantise

TRIES = 3


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


@transaction.atomic
def _put(proposal: Proposal, *, reason: str, by: Any, now: datetime) -> BudgetPlan | None:
    """Put it in place; None where meanwhile more was promised than it leaves, or a person came
    first."""
    campaigns = lock_campaigns(proposal.launch.campaigns.all())
    launch = Launch.objects.select_for_update(of=("self",)).get(pk=proposal.launch.pk)
    if launch.budget != proposal.before or not _reaches(proposal, campaigns, now=now):
        return None
    check_budget(launch, proposal.launch.budget, committed=proposal.committed)
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
        cell_of(
            campaign, at=at, amount=part, expected=expected[at], is_pinned=at in pinned | was_pinned
        )
        for at, part in (past | ahead).items()
        if part or at in pinned | was_pinned
    ]
