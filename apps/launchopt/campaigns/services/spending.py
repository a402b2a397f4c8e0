"""What paid channels tell of their spend: late, often twice, and not always in order."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q

from launchopt.campaigns.models import Campaign, SpendEntry
from launchopt.operations.errors import FieldError, InvalidInput
from launchopt_core.pacing import HOUR


@dataclass(frozen=True)
class SpendReport:
    """What a campaign cost in an hour, as far as its channel has counted."""

    campaign: uuid.UUID
    starts_at: datetime  # the first instant of the hour
    amount: Decimal
    source: str
    counted_until: datetime


@dataclass(frozen=True)
class Told:
    """What a paid channel has told of a campaign."""

    by_hour: Mapping[datetime, Decimal]
    until: datetime

    def before(self, hour: datetime) -> Decimal:
        """What the hours before this one have cost, as far as it is told."""
        return sum((money for at, money in self.by_hour.items() if at < hour), Decimal(0))


@transaction.atomic
def record_spend(*, reports: Sequence[SpendReport], now: datetime) -> int:
    """Take in what channels tell; gives how many reports said something new.

    A later count of the same hour replaces the earlier one, whichever comes first. Raises
    InvalidInput, and stores nothing, where a report names no campaign of a paid channel.
    """
    _check(reports)
    newest: dict[tuple[uuid.UUID, datetime, str], SpendReport] = {}
    for report in sorted(reports, key=lambda each: each.counted_until):
        newest[report.campaign, report.starts_at, report.source] = report
    known = {
        (row.campaign_id, row.starts_at, row.source): row
        for row in SpendEntry.objects.select_for_update().filter(
            campaign__in={each.campaign for each in reports}
        )
    }
    fresh = [each for key, each in newest.items() if _is_news(each, known.get(key))]
    SpendEntry.objects.bulk_create(
        [
            SpendEntry(
                campaign_id=each.campaign,
                starts_at=each.starts_at,
                amount=each.amount,
                source=each.source,
                counted_until=each.counted_until,
                recorded_at=now,
            )
            for each in fresh
        ],
        update_conflicts=True,
        unique_fields=["campaign", "starts_at", "source"],
        update_fields=["amount", "counted_until", "recorded_at"],
    )
    return len(fresh)


def told_spend(campaigns: Collection[Campaign], *, now: datetime) -> dict[uuid.UUID, Told]:
    """What was told of each of these campaigns of paid channels by now."""
    entries = SpendEntry.objects.filter(campaign__in=campaigns, starts_at__lt=now)
    rows = entries.filter(Q(counted_until=None) | Q(counted_until__lte=now))
    hours: dict[uuid.UUID, dict[datetime, Decimal]] = {each.pk: {} for each in campaigns}
    until = {each.pk: each.launch.started_at or each.launch.starts_at for each in campaigns}
    counted = rows.values_list("campaign", "starts_at", "amount", F("counted_until"))
    for campaign, starts_at, amount, counted_until in counted:
        hours[campaign][starts_at] = hours[campaign].get(starts_at, Decimal(0)) + amount
        until[campaign] = max(until[campaign], counted_until or starts_at + HOUR)
    return {pk: Told(of, until[pk]) for pk, of in hours.items()}


def _check(reports: Sequence[SpendReport]) -> None:
    wanted = {each.campaign for each in reports}
    rows = Campaign.objects.filter(pk__in=wanted).select_related("launch")
    paid = {row.pk for row in rows if row.is_paid}
    faults = [
        FieldError(f"/{n}/campaign", f"{each.campaign} is no campaign of a paid channel.")
        for n, each in enumerate(reports)
        if each.campaign not in paid
    ]
    if faults:
        raise InvalidInput(faults[0].detail, faults)


def _is_news(report: SpendReport, known: SpendEntry | None) -> bool:
    if known is None or known.counted_until is None:
        return True
    return (report.counted_until, report.amount) > (known.counted_until, known.amount)
