"""Locks, always taken in the same order: customers, then campaigns. So nobody waits in a circle."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from launchopt.campaigns.models import Campaign
from launchopt.operations.statements import fetch

# A turn is there from the first decision on; its number stays.
HOLD = """
    INSERT INTO launchopt_campaigns_turn AS t (customer_id, number)
    SELECT DISTINCT coalesce(c.merged_into_id, c.id), 0 FROM launchopt_audiences_customer c
    WHERE c.external_id = ANY(%(names)s::text[])
    ORDER BY 1
    ON CONFLICT (customer_id) DO UPDATE SET number = t.number
    RETURNING 1
"""


def hold_customers(names: Collection[str]) -> None:
    """Keep decisions about these customers, by the shop's ids, from being kept by others until the
    transaction ends."""
    fetch(HOLD, {"names": list(names)})


def lock_campaigns(campaigns: QuerySet[Campaign]) -> dict[object, Campaign]:
    """Hold these campaigns until the transaction ends, and give them as they stand now.

    Their launches come with them, as they stood before the wait.
    """
    # Not more than an update takes: a silent decision names its campaign, and must not wait for it.
    locked = campaigns.select_for_update(of=("self",), no_key=True)
    rows = locked.select_related("launch").order_by("pk")
    return {row.pk: row for row in rows}
