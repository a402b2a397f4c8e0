"""A launch is drafted from what a person asks for, and its plan is asked of a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.validators import slug_re
from django.db import transaction

from launchopt import jobs
from launchopt.campaigns.models import Launch
from launchopt.campaigns.services.bounds import bound_faults, curve_faults
from launchopt.catalog.models import Product
from launchopt.conf import launchopt_settings
from launchopt.operations.errors import Conflict, FieldError, InvalidInput, NotFound
from launchopt.operations.models import Run
from launchopt.operations.runs import request_run
from launchopt.operations.services import actor_name, record_audit
from launchopt_core.errors import ImpossibleInput
from launchopt_core.money import decimals_of, to_minor

DEFAULT_CHANNELS = {"onsite": "0.02"}
LONGEST = timedelta(days=366)
LARGEST = Decimal("1e12")
SMALLEST_HOLDOUT, LARGEST_HOLDOUT = 0.01, 0.9


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a person asks of a launch. Money is Decimal, instants have a zone."""

    sku: str
    budget: Decimal
    starts_at: datetime
    ends_at: datetime
    currency: str = ""
    channels: Mapping[str, Decimal] | None = None
    holdout: float | None = None
    cap_contacts: int | None = None
    cap_window_hours: int | None = None
    feedback: str | None = None
    name: str = ""
    bounds: Sequence[Mapping[str, Any]] = ()
    curves: Mapping[str, Any] = field(default_factory=dict)

    def faults(self) -> list[FieldError]:
        """Every rule that it breaks."""
        checks = (
            *money_faults(self.budget, self.currency),
            *_window_faults(self.starts_at, self.ends_at),
            *_channel_faults(self.channels or {}),
            *_measure_faults(self),
        )
        channels = list(self.channels or DEFAULT_CHANNELS)
        return [
            *(FieldError(pointer, detail) for pointer, detail in checks),
            *bound_faults(self.bounds, currency=self.currency, channels=channels),
            *curve_faults(self.curves, channels=channels),
        ]


@transaction.atomic
def draft_launch(*, wish: Wish, by: Any, now: datetime) -> Launch:
    """Write down a launch that is to be planned.

    Raises NotFound for an unknown SKU and InvalidInput with every rule that the wish breaks.
    """
    product = Product.objects.filter(sku=wish.sku).first()
    if product is None:
        raise NotFound(f"There is no product with SKU {wish.sku[:100]!r}; import it first.")
    shop = launchopt_settings()
    wish = _completed(wish, currency=product.currency or shop.currency)
    if faults := wish.faults():
        raise InvalidInput(" ".join(fault.detail for fault in faults), faults)
    channels = wish.channels or {}
    launch = Launch.objects.create(
        name=wish.name or f"{product.title[:150]}, from {wish.starts_at:%Y-%m-%d}",
        product=product,
        budget=wish.budget,
        currency=wish.currency,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        holdout=wish.holdout,
        channels={name: str(cost) for name, cost in channels.items()},
        cap_contacts=wish.cap_contacts,
        cap_window_hours=wish.cap_window_hours,
        feedback=wish.feedback or Launch.Feedback.AUTO,
        bounds=[dict(bound) for bound in wish.bounds],
        curves=dict(wish.curves),
        created_by=actor_name(by)[:150] if by else "",
        created_at=now,
    )
    record_audit(
        action="draft_launch", subject=f"launch:{launch.pk}", by=by, now=now, after=terms_of(launch)
    )
    return launch


@transaction.atomic
def request_plan(*, launch: Launch, by: Any, now: datetime, as_of: datetime | None = None) -> Run:
    """Ask a worker for the plan; an open run for it is given back instead.

    The plan knows nothing from `as_of` on: now, or the start of a launch in the past. A launch
    whose planning was cancelled before it began can be planned again.
    """
    launch = begin_plan(launch=launch, by=by, now=now)
    if as_of is None and (run := _open_run(launch)):
        return run
    known_until = as_of or min(now, launch.starts_at)
    return request_run(
        job=jobs.PLAN_LAUNCH,
        arguments={"launch_id": str(launch.pk), "as_of": known_until.isoformat()},
        subject=f"launch:{launch.pk}",
        now=now,
        by=by,
    )


def _open_run(launch: Launch) -> Run | None:
    waiting = (Run.State.QUEUED, Run.State.RUNNING)
    runs = Run.objects.filter(job=jobs.PLAN_LAUNCH.name, subject=f"launch:{launch.pk}")
    return runs.filter(state__in=waiting, cancel_requested=False).first()


@transaction.atomic
def begin_plan(*, launch: Launch, by: Any, now: datetime) -> Launch:
    """Mark a launch as being planned. Raises Conflict once it is approved."""
    launch = Launch.objects.select_for_update(of=("self",)).get(pk=launch.pk)
    if not launch.is_editable and launch.status != Launch.Status.PLANNING:
        raise Conflict(f"A launch that is {launch.get_status_display()} keeps its plan.")
    launch.status = Launch.Status.PLANNING
    launch.save(update_fields=["status"])
    record_audit(action="plan_launch", subject=f"launch:{launch.pk}", by=by, now=now)
    return launch


def abandon_plan(*, launch: Launch) -> None:
    """Give a launch whose planning has failed back to its planner."""
    Launch.objects.filter(pk=launch.pk, status=Launch.Status.PLANNING).update(
        status=Launch.Status.DRAFT
    )


def terms_of(launch: Launch) -> dict[str, Any]:
    """What was agreed on, as the audit trail keeps it."""
    return {
        "sku": launch.product.sku,
        "budget": f"{launch.budget:f}",
        "currency": launch.currency,
        "starts_at": launch.starts_at.isoformat(),
        "ends_at": launch.ends_at.isoformat(),
        "holdout": launch.holdout,
        "channels": launch.channels,
        "cap": [launch.cap_contacts, launch.cap_window_hours],
        "feedback": str(launch.feedback),
        "bounds": launch.bounds,
        "curves": launch.curves,
    }


def decimal_of(text: Any, *, pointer: str) -> Decimal:
    """A finite amount, or an InvalidInput that names the field."""
    try:
        amount = Decimal(str(text).strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if isinstance(text, bool) or not amount.is_finite():
        raise InvalidInput.at(pointer, f"{str(text)[:40]!r} is not an amount, such as 5000.00.")
    return amount


def _completed(wish: Wish, *, currency: str) -> Wish:
    """The wish with the shop's defaults where it says nothing."""
    shop = launchopt_settings()
    default = {name: Decimal(cost) for name, cost in DEFAULT_CHANNELS.items()}
    return Wish(
        sku=wish.sku,
        budget=wish.budget,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        currency=(wish.currency or currency).upper(),
        channels=wish.channels or default,
        holdout=shop.holdout if wish.holdout is None else wish.holdout,
        cap_contacts=shop.contact_cap if wish.cap_contacts is None else wish.cap_contacts,
        cap_window_hours=(
            shop.contact_window_hours if wish.cap_window_hours is None else wish.cap_window_hours
        ),
        feedback=wish.feedback or Launch.Feedback.AUTO,
        name=wish.name[:200],
        bounds=wish.bounds,
        curves=wish.curves,
    )


def money_faults(budget: Decimal, currency: str) -> list[tuple[str, str]]:
    """What is wrong with a budget: pointers, and words."""
    try:
        decimals_of(currency)
    except ImpossibleInput as error:
        return [("/currency", str(error))]
    if not 0 < budget < LARGEST:
        return [("/budget", f"The budget must be more than 0, not {budget:f}.")]
    try:
        to_minor(budget, currency)
    except ImpossibleInput as error:
        return [("/budget", str(error))]
    return []


def _window_faults(starts_at: datetime, ends_at: datetime) -> list[tuple[str, str]]:
    if ends_at <= starts_at:
        return [("/ends_at", f"The launch ends ({ends_at}) before it starts ({starts_at}).")]
    if ends_at - starts_at > LONGEST:
        return [("/ends_at", f"A launch lasts at most {LONGEST.days} days.")]
    return []


def _channel_faults(channels: Mapping[str, Decimal]) -> list[tuple[str, str]]:
    faults = []
    for name, cost in channels.items():
        if not slug_re.match(name) or len(name) > 60:
            faults.append(("/channels", f"{name!r} is not a name of a channel, such as email."))
        elif not Decimal("0.0001") <= cost < LARGEST or cost != round(cost, 4):
            faults.append(
                ("/channels", f"A contact by {name} must cost more than 0, in at most 4 decimals.")
            )
    return faults


def _measure_faults(wish: Wish) -> list[tuple[str, str]]:
    faults = []
    if wish.holdout is not None and not SMALLEST_HOLDOUT <= wish.holdout <= LARGEST_HOLDOUT:
        limits = f"between {SMALLEST_HOLDOUT} and {LARGEST_HOLDOUT}"
        faults.append(
            ("/holdout", f"The holdout must lie {limits}; without one nothing can be measured.")
        )
    if wish.cap_contacts is not None and not 1 <= wish.cap_contacts <= 1000:
        faults.append(("/cap_contacts", "The cap must allow 1 to 1,000 contacts."))
    if wish.cap_window_hours is not None and not 1 <= wish.cap_window_hours <= 24 * 366:
        faults.append(("/cap_window_hours", "The cap's window must last from 1 hour to a year."))
    if wish.feedback is not None and wish.feedback not in Launch.Feedback.values:
        faults.append(("/feedback", f"Feedback is one of {', '.join(Launch.Feedback.values)}."))
    return faults
