"""Money that campaigns lend to the processes that decide, so that no campaign's row is waited for.

It is drawn and used by the statement that keeps decisions; see `storing`. What is lent counts as
reserved. It comes back when a launch is paused or ends, and when the lease is over: a process that
stops or is killed keeps it from others for a minute or until the next tick of pacing.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Collection
from decimal import Decimal
from functools import lru_cache

from django.db.models import Sum
from django.db.models.functions import Now

from launchopt.campaigns.models import Campaign, Lease

LEASE_SECONDS = 60


def this_process() -> str:
    """The name under which this process holds leases; a fork has one of its own."""
    return _name_of(os.getpid())


@lru_cache(maxsize=2)
def _name_of(pid: int) -> str:
    return f"{socket.gethostname()[:40]}:{pid}:{uuid.uuid4().hex[:12]}"


def lent_by(campaigns: Collection[Campaign]) -> dict[uuid.UUID, Decimal]:
    """What each of these campaigns has lent and nobody has used yet."""
    rows = Lease.objects.filter(campaign__in=campaigns, amount__gt=0).values_list("campaign")
    return dict(rows.annotate(Sum("amount")))


def recall_leases(campaigns: Collection[Campaign], *, only_expired: bool = False) -> None:
    """Take back what is lent and not used. The campaigns are locked; who decides waits for them.

    The leases are locked after the campaigns, as the statement that keeps decisions does it.
    """
    leases = Lease.objects.filter(campaign__in=campaigns)
    leases = leases.filter(until__lt=Now()) if only_expired else leases
    locked = list(leases.select_for_update(no_key=True).order_by("pk"))
    if not locked:
        return
    by_pk = {campaign.pk: campaign for campaign in campaigns}
    for lease in locked:
        by_pk[lease.campaign_id].reserved -= lease.amount
    Lease.objects.filter(pk__in=[lease.pk for lease in locked]).delete()
    Campaign.objects.bulk_update(by_pk.values(), ["reserved"])
