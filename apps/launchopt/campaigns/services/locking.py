"""Locks, always taken in the same order: customers, then campaigns. So nobody waits in a circle."""

from __future__ import annotations

from django.db.models import QuerySet

from launchopt.campaigns.models import Campaign

# Customers share this many locks, so that any number of large batches at once stays far below what
# PostgreSQL keeps room for (max_locks_per_transaction x max_connections, 6,400 by default).
LOCKS = 1024
NAMESPACE = 0x1A0C


def lock_campaigns(campaigns: QuerySet[Campaign]) -> dict[object, Campaign]:
    """Hold these campaigns until the transaction ends, and give them as they stand now.

    Their launches come with them, as they stood before the wait.
    """
    # Not more than an update takes: a silent decision names its campaign, and must not wait for it.
    locked = campaigns.select_for_update(of=("self",), no_key=True)
    rows = locked.select_related("launch").order_by("pk")
    return {row.pk: row for row in rows}
