"""Tell other systems: a delivery is written in the transaction of what it tells of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from launchopt import jobs
from launchopt.operations.webhooks.events import EVENTS
from launchopt.operations.webhooks.models import WebhookDelivery, WebhookEndpoint


def tell(
    event: str,
    payload: Mapping[str, Any],
    *,
    key: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> int:
    """Tell every endpoint that asked for an event; gives how many will hear of it.

    Call it inside the transaction that makes the event true: both are kept, or neither. `payload`
    is plain JSON of ids, words and numbers, never an e-mail address or a phone number. What is
    told twice under one `key` is told once. Raises ValueError for an event that EVENTS lacks.
    """
    if event not in EVENTS:
        raise ValueError(f"There is no event {event!r}; add it to webhooks.events.EVENTS.")
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(f"Tell {event} where it is written: atomic.")
    endpoints = list(WebhookEndpoint.objects.filter(is_active=True, events__contains=[event]))
    for endpoint in endpoints:
        write(endpoint, event, payload, key=key, now=now, expires_at=expires_at)
    if endpoints:
        jobs.send(jobs.SEND_WEBHOOKS)
    return len(endpoints)


def write(
    endpoint: WebhookEndpoint,
    event: str,
    payload: Mapping[str, Any],
    *,
    key: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> None:
    """Put one event into the outbox of one endpoint, unless it stands there."""
    body = json.dumps(
        {"type": event, "timestamp": now.isoformat(), "data": payload},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    row = WebhookDelivery(
        endpoint=endpoint,
        event=event,
        key=key,
        body=body,
        created_at=now,
        next_attempt_at=now,
        expires_at=expires_at,
    )
    WebhookDelivery.objects.bulk_create([row], ignore_conflicts=True)
