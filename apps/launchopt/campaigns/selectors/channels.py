"""What contacts have cost and brought so far, by channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Sum

from launchopt.audiences.models import Event, EventKind
from launchopt.campaigns.models import Decision


@dataclass(frozen=True)
class ChannelRecord:
    """Confirmed contacts, how many of them were clicked, and what they cost."""

    contacts: int = 0
    clicks: int = 0
    spent: float = 0.0


def records_by_channel(*, before: datetime) -> dict[str, ChannelRecord]:
    """The record of each channel in which anybody was contacted before an instant. Two queries."""
    seen = Decision.objects.filter(state=Decision.State.CONFIRMED, decided_at__lt=before)
    clicked = Event.objects.filter(
        decision_id=OuterRef("pk"), kind=EventKind.CLICK, occurred_at__lt=before
    )
    clicks = dict(seen.filter(Exists(clicked)).values_list("channel").annotate(Count("pk")))
    rows = seen.values_list("channel").annotate(Count("pk"), Sum("cost"))
    return {
        channel: ChannelRecord(contacts, clicks.get(channel, 0), float(spent or 0))
        for channel, contacts, spent in rows
    }
