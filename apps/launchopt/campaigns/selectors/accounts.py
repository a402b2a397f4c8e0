"""What a customer saw at a time, or why nothing: found in the log, told in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from launchopt.audiences.models import Customer, Event
from launchopt.campaigns.models import Campaign, Decision, HeldMessage
from launchopt.campaigns.selectors.activity import DONE_BY_SHOPPERS
from launchopt.campaigns.selectors.telling import at_utc
from launchopt.conf import launchopt_settings
from launchopt.operations.errors import NotFound

AROUND = timedelta(minutes=30)
MOST = 10


@dataclass(frozen=True)
class Account:
    """The decisions nearest to a time, and what else is known of it, a sentence each."""

    customer: Customer
    decisions: list[Decision]
    sentences: list[str]


def account_of(name: str, *, at: datetime) -> Account:
    """What is known of a customer, by the shop's id, at an instant. Raises NotFound."""
    asked = Customer.objects.select_related("merged_into").filter(external_id=name).first()
    if asked is None:
        raise NotFound(f"The shop has told of no customer {name[:60]!r}.")
    customer = asked.merged_into or asked
    decisions = _decisions_around(customer, at=at)
    return Account(customer, decisions, list(_sentences(asked, customer, decisions, at=at)))


def _decisions_around(customer: Customer, *, at: datetime) -> list[Decision]:
    """Those within half an hour, the nearest first."""
    log = _log_of(customer)
    before = log.filter(decided_at__gte=at - AROUND, decided_at__lte=at).order_by("-decided_at")
    after = log.filter(decided_at__gt=at, decided_at__lte=at + AROUND).order_by("decided_at")
    near = [*before[:MOST], *after[:MOST]]
    return sorted(near, key=lambda decision: abs(decision.decided_at - at))[:MOST]


def _log_of(customer: Customer) -> QuerySet[Decision]:
    rows = Decision.objects.filter(customer=customer)
    return rows.select_related("customer", "launch", "creative", "campaign__audience")


def _sentences(
    asked: Customer, customer: Customer, decisions: list[Decision], *, at: datetime
) -> Iterator[str]:
    if asked.pk != customer.pk:
        yield f"{asked.external_id} was a visitor, who turned out to be {customer.external_id}."
    yield from _held(customer, at=at)
    if decisions:
        return
    yield _nothing(customer, at=at)
    yield from _neighbours(customer, at=at)
    yield _visit(customer, at=at)
    yield _launches(customer, at=at)


def _held(customer: Customer, *, at: datetime) -> Iterator[str]:
    """Messages that waited then. Only the latest wait of each campaign is known."""
    rows = HeldMessage.objects.filter(customer=customer, held_at__lte=at, until__gt=at)
    for row in rows.exclude(reason="shown").select_related("campaign__launch"):
        yield (
            f"A message of the launch “{row.campaign.launch}” ({row.campaign.channel}) was held "
            f"since {at_utc(row.held_at)}: {row.get_reason_display()}. It is looked at again at "
            f"{at_utc(row.until)}."
        )


def _nothing(customer: Customer, *, at: datetime) -> str:
    """What it means that the log is empty: where silences are kept by lot, not that none was."""
    span = f"about {customer.external_id} from {at_utc(at - AROUND)} to {at_utc(at + AROUND)}"
    if (one_in := launchopt_settings().silence_one_in) > 1:
        return (
            f"The log holds nothing {span}, so no launch showed them anything. Of decisions to "
            f"show nothing only one in {one_in} is kept: some may have been made."
        )
    return (
        f"Nothing was decided {span}: no page asked for a launch to show them, and no message was "
        "due. So no launch showed them anything."
    )


def _neighbours(customer: Customer, *, at: datetime) -> Iterator[str]:
    log = Decision.objects.filter(customer=customer)
    before = log.filter(decided_at__lt=at).order_by("-decided_at").first()
    after = log.filter(decided_at__gt=at).order_by("decided_at").first()
    for words, found in (("last before", before), ("next", after)):
        if found is not None:
            yield (
                f"The {words} was at {at_utc(found.decided_at)} ({found.channel}): "
                f"{found.get_reason_display()}."
            )
    if before is None and after is None:
        yield "Nothing has ever been decided about them."


def _visit(customer: Customer, *, at: datetime) -> str:
    done = Event.objects.filter(customer=customer, kind__in=DONE_BY_SHOPPERS, occurred_at__lte=at)
    last = done.order_by("-occurred_at").values_list("occurred_at", flat=True).first()
    if last is None:
        return "The shop told of nothing that they had done by then."
    if at - last <= AROUND:
        return (
            f"They were in the shop at {at_utc(last)}; the pages they saw asked for no decision. "
            "See whether a placement stands on them."
        )
    return f"They had last been in the shop at {at_utc(last)}."


def _launches(customer: Customer, *, at: datetime) -> str:
    """The launches that were on for them, as far as it is known now."""
    on = Campaign.objects.filter(
        audience__members__customer=customer,
        launch__started_at__lte=at,
        launch__starts_at__lte=at,
        launch__ends_at__gt=at,
    ).exclude(launch__finished_at__lte=at)
    names = on.order_by("launch__name").values_list("launch__name", "channel").distinct()
    told = ", ".join(f"“{launch}” ({channel})" for launch, channel in names)
    return f"Launches in whose audience they stand: {told or 'none that was on'}."
