"""Events are kept for a time, and then forgotten by the month."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from launchopt.audiences import months
from launchopt.audiences.models import Event, MessageKey, RejectedEvent
from launchopt.audiences.partitions import PARENT, month_after, month_of
from launchopt.conf import launchopt_settings
from launchopt.operations.services import record_audit

MONTH = re.compile(rf"{PARENT}_(\d{{4}})_(\d\d)$").fullmatch


def oldest_kept(*, now: datetime) -> datetime:
    """The instant before which the shop's setting keeps no event."""
    return now - timedelta(days=launchopt_settings().event_retention_days)


@transaction.atomic
def drop_old_events(*, before: datetime, now: datetime, by: Any = None) -> dict[str, Any]:
    """Drop every month that ends at this instant or before, and the rejected events before it.

    Months go whole: the one in which the instant lies stays. A message of a dropped month that
    comes again is stored again. Returns what was dropped.
    """
    dropped = []
    with connection.cursor() as cursor:
        for name, month in _months(cursor):
            if month_after(month) <= before:
                cursor.execute(f'DROP TABLE "{name}"')
                dropped.append(f"{month:%Y-%m}")
    stray, _ = Event.objects.filter(occurred_at__lt=month_of(before)).delete()
    keys, _ = MessageKey.objects.filter(occurred_at__lt=month_of(before)).delete()
    rejected, _ = RejectedEvent.objects.filter(received_at__lt=before).delete()
    months.forget()
    record_audit(
        action="drop_old_events", subject="events", by=by, now=now, after={"months": dropped}
    )
    return {
        "before": before,
        "months": dropped,
        "events_outside_of_months": stray,
        "message_keys": keys,
        "rejected_events": rejected,
    }


def _months(cursor: Any) -> list[tuple[str, datetime]]:
    cursor.execute(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = %s::regclass ORDER BY 1",
        [PARENT],
    )
    found = [(name, MONTH(name)) for (name,) in cursor.fetchall()]
    return [
        (name, datetime(int(match[1]), int(match[2]), 1, tzinfo=UTC))
        for name, match in found
        if match
    ]
