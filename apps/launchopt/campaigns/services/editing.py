"""A person changes a plan before it is approved: each change is checked and audited."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from launchopt.audiences.models import Audience, AudienceMember, Customer
from launchopt.campaigns.models import BudgetCell, BudgetPlan, Campaign, ExcludedCustomer, Launch
from launchopt.campaigns.services.budgeting import lay_out_budget
from launchopt.campaigns.services.places import Pin
from launchopt.campaigns.services.planning import Wish, terms_of
from launchopt.operations.errors import Conflict, InvalidInput, NotFound
from launchopt.operations.services import record_audit
from launchopt_core.errors import ImpossibleInput
from launchopt_core.money import to_minor

TERMS = (
    "name",
    "budget",
    "starts_at",
    "ends_at",
    "holdout",
    "channels",
    "cap_contacts",
    "cap_window_hours",
    "feedback",
    "bounds",
    "curves",
)
MONEY = {"budget", "bounds", "curves"}
NEED_NO_NEW_PLAN = MONEY | {"name", "cap_contacts", "cap_window_hours", "feedback"}


@transaction.atomic
def change_terms(*, launch: Launch, changes: Mapping[str, Any], by: Any, now: datetime) -> Launch:
    """Change what was agreed on. A new budget is laid out at once; other dates, channels or another
    holdout need a new plan, and take the launch back to a draft.

    Raises InvalidInput for a term that there is not, or a rule that is broken.
    """
    launch = _editable(launch)
    if unknown := set(changes) - set(TERMS):
        raise InvalidInput.at(f"/{sorted(unknown)[0]}", f"Only {', '.join(TERMS)} can be changed.")
    before = terms_of(launch) | {"name": launch.name}
    _apply(launch, changes)
    launch.save()
    if launch.status == Launch.Status.PLANNED and MONEY & set(changes):
        lay_out_budget(launch=launch, now=now)
    _record("change_launch", launch, by=by, now=now, before=before)
    return launch


@transaction.atomic
def set_feedback(*, launch: Launch, mode: str, by: Any, now: datetime) -> Launch:
    """Say what results may do to the shares of the variants, also while the launch runs.

    Raises InvalidInput for a mode that there is not, and Conflict once the launch has ended.
    """
    if mode not in Launch.Feedback.values:
        raise InvalidInput.at(
            "/feedback", f"Feedback is one of {', '.join(Launch.Feedback.values)}."
        )
    launch = Launch.objects.select_for_update(of=("self",)).get(pk=launch.pk)
    if launch.status == Launch.Status.FINISHED:
        raise Conflict("The launch has ended; its results change nothing any more.")
    before, launch.feedback = launch.feedback, mode
    launch.save(update_fields=["feedback"])
    record_audit(
        action="set_feedback",
        subject=f"launch:{launch.pk}",
        by=by,
        now=now,
        before={"feedback": before},
        after={"feedback": mode},
    )
    return launch


@transaction.atomic
def set_money(*, cell: BudgetCell, amount: Decimal, by: Any, now: datetime) -> BudgetPlan:
    """Set the money of one hour by hand; the rest is laid out anew around it."""
    place = (cell.campaign, cell.starts_at)
    return pin_money(campaign=place[0], starts_at=place[1], amount=amount, by=by, now=now)


@transaction.atomic
def pin_money(
    *, campaign: Campaign, starts_at: datetime, amount: Decimal | None, by: Any, now: datetime
) -> BudgetPlan:
    """Set the money of a campaign in an hour by hand, or, with None, leave it to the plan again.

    Raises InvalidInput for an hour outside of the launch, an amount below 0 or finer than a cent,
    and for more than there is.
    """
    launch = _editable(campaign.launch)
    hour = starts_at.replace(minute=0, second=0, microsecond=0)
    _check_hour(launch, hour)
    if amount is not None:
        _check_amount(launch, amount)
    plan = _plan_of(launch)
    cells = plan.cells.filter(campaign=campaign, starts_at=hour)
    before = cells.values_list("amount", flat=True).first()
    others = plan.cells.filter(is_pinned=True).exclude(campaign=campaign, starts_at=hour)
    pins = [Pin(row.campaign_id, row.starts_at, row.amount) for row in others]
    pins += [] if amount is None else [Pin(campaign.pk, hour, amount)]
    plan = lay_out_budget(launch=launch, now=now, pins=pins)
    record_audit(
        action="set_money",
        subject=f"launch:{launch.pk}",
        by=by,
        now=now,
        before={"amount": None if before is None else f"{before:f}"},
        after={
            "campaign": str(campaign.pk),
            "hour": hour.isoformat(),
            "amount": None if amount is None else f"{amount:f}",
        },
    )
    return plan


@transaction.atomic
def exclude_customers(
    *, launch: Launch, customers: Collection[str], by: Any, now: datetime, reason: str = ""
) -> int:
    """Leave customers out of a launch, by the shop's ids. Gives how many were not left out before.

    Raises NotFound naming those who are unknown.
    """
    launch = _editable(launch)
    found = dict(
        Customer.objects.filter(external_id__in=customers).values_list("external_id", "pk")
    )
    if missing := sorted(set(customers) - set(found)):
        raise NotFound(f"There is no customer {', '.join(missing[:5])}.")
    rows = [
        ExcludedCustomer(launch=launch, customer_id=pk, reason=reason[:200])
        for pk in found.values()
    ]
    before = launch.excluded.count()
    ExcludedCustomer.objects.bulk_create(rows, ignore_conflicts=True)
    added = launch.excluded.count() - before
    _lay_out_again(launch, now=now)
    _record("exclude_customers", launch, by=by, now=now, before={"excluded": before}, note=reason)
    return added


@transaction.atomic
def include_customers(*, launch: Launch, customers: Collection[str], by: Any, now: datetime) -> int:
    """Take back into a launch whom a person had left out."""
    launch = _editable(launch)
    before = launch.excluded.count()
    gone, _ = launch.excluded.filter(customer__external_id__in=customers).delete()
    _lay_out_again(launch, now=now)
    _record("include_customers", launch, by=by, now=now, before={"excluded": before})
    return gone


@transaction.atomic
def change_audience(*, campaign: Campaign, audience: Audience, by: Any, now: datetime) -> Campaign:
    """Speak to another audience in a campaign, or to the same one as it has been built anew."""
    launch = _editable(campaign.launch)
    if launch.campaigns.filter(channel=campaign.channel, audience=audience).exclude(pk=campaign.pk):
        raise Conflict(f"{audience.name} has a campaign by {campaign.channel} already.")
    if not AudienceMember.objects.filter(audience=audience).exists():
        raise InvalidInput.at("/audience", f"{audience.name} has no members; build it first.")
    before = {"audience": str(campaign.audience_id)}
    campaign.audience = audience
    campaign.save(update_fields=["audience"])
    _lay_out_again(launch, now=now)
    _record("change_audience", launch, by=by, now=now, before=before)
    return campaign


@transaction.atomic
def switch_campaign(*, campaign: Campaign, is_active: bool, by: Any, now: datetime) -> Campaign:
    """Take a campaign out of a plan, or back in; its money goes to the others."""
    launch = _editable(campaign.launch)
    before = {"is_active": campaign.is_active}
    campaign.is_active = is_active
    campaign.save(update_fields=["is_active"])
    _lay_out_again(launch, now=now)
    _record("switch_campaign", launch, by=by, now=now, before=before)
    return campaign


def _editable(launch: Launch) -> Launch:
    rows = Launch.objects.select_for_update(of=("self",)).select_related("product", "experiment")
    launch = rows.get(pk=launch.pk)
    if not launch.is_editable:
        raise Conflict(
            f"A launch that is {launch.get_status_display()} cannot be changed; duplicate it."
        )
    return launch


def _apply(launch: Launch, changes: Mapping[str, Any]) -> None:
    wish = Wish(
        sku=launch.product.sku,
        budget=launch.budget,
        currency=launch.currency,
        starts_at=launch.starts_at,
        ends_at=launch.ends_at,
        channels={name: Decimal(cost) for name, cost in launch.channels.items()},
        holdout=launch.holdout,
        cap_contacts=launch.cap_contacts,
        cap_window_hours=launch.cap_window_hours,
        feedback=launch.feedback,
        name=launch.name,
        bounds=launch.bounds,
        curves=launch.curves,
    )
    wish = replace(wish, **changes)
    if faults := wish.faults():
        raise InvalidInput(" ".join(fault.detail for fault in faults), faults)
    for name in changes:
        setattr(launch, name, getattr(wish, name))
    if "channels" in changes:
        launch.channels = {name: str(cost) for name, cost in (wish.channels or {}).items()}
    if not set(changes) <= NEED_NO_NEW_PLAN:
        launch.status = Launch.Status.DRAFT


def _check_hour(launch: Launch, hour: datetime) -> None:
    first = launch.starts_at.replace(minute=0, second=0, microsecond=0)
    if not first <= hour < launch.ends_at:
        raise InvalidInput.at("/starts_at", f"{hour:%Y-%m-%d %H:%M} lies outside of the launch.")


def _check_amount(launch: Launch, amount: Decimal) -> None:
    try:
        cents = to_minor(amount, launch.currency)
    except ImpossibleInput as error:
        raise InvalidInput.at("/amount", str(error)) from None
    if cents < 0:
        raise InvalidInput.at("/amount", "An hour's money is 0 or more.")


def _plan_of(launch: Launch) -> BudgetPlan:
    plan = BudgetPlan.objects.filter(launch=launch).first()
    if plan is None:
        raise Conflict("The launch has no plan yet; plan it first.")
    return plan


def _lay_out_again(launch: Launch, *, now: datetime) -> None:
    if BudgetPlan.objects.filter(launch=launch).exists():
        lay_out_budget(launch=launch, now=now)


def _record(
    action: str,
    launch: Launch,
    *,
    by: Any,
    now: datetime,
    before: Mapping[str, Any],
    note: str = "",
) -> None:
    record_audit(
        action=action,
        subject=f"launch:{launch.pk}",
        by=by,
        now=now,
        before=dict(before),
        after=terms_of(launch) | {"name": launch.name, "excluded": launch.excluded.count()},
        note=note,
    )
