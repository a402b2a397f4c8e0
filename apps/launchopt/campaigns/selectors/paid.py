"""What paid channels have cost and brought by day, in this launch and in those before it."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime

from django.db.models import Q, Sum
from django.db.models.functions import TruncDate

from launchopt.campaigns.models import SpendEntry
from launchopt.experiments.models import MetricRollup

Days = Mapping[date, tuple[float, float]]  # what a day (UTC) has cost, and the purchases it brought


def paid_days(channels: Collection[str], *, before: datetime) -> dict[str, dict[uuid.UUID, Days]]:
    """By channel and launch, each day with reported spend, as known before an instant: two queries.

    Purchases are those that are ascribed to the channel.
    """
    entries = SpendEntry.objects.filter(campaign__channel__in=channels, starts_at__lt=before)
    known = entries.filter(Q(counted_until=None) | Q(counted_until__lte=before))
    spends = (
        known.annotate(day=TruncDate("starts_at"))
        .values_list("campaign__channel", "campaign__launch", "day")
        .annotate(Sum("amount"))
    )
    counted = (
        MetricRollup.objects.filter(
            channel__in=channels, granularity=MetricRollup.Granularity.HOUR, starts_at__lt=before
        )
        .annotate(day=TruncDate("starts_at"))
        .values_list("channel", "launch_id", "day")
        .annotate(Sum("conversions"))
    )
    bought = {(channel, launch, day): count for channel, launch, day, count in counted}
    found: dict[str, dict[uuid.UUID, dict[date, tuple[float, float]]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for channel, launch, day, spend in spends:
        purchases = float(bought.get((channel, launch, day), 0))
        found[channel][launch][day] = (float(spend), purchases)
    return found
