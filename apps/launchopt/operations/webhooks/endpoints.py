"""Services of a person: endpoints made, changed, tested; deliveries sent again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from launchopt import jobs
from launchopt.operations.alerts import resolve_alert
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt.operations.services import record_audit
from launchopt.operations.webhooks.addresses import check_url
from launchopt.operations.webhooks.events import EVENTS, MESSAGE_DECIDED, TEST
from launchopt.operations.webhooks.models import WebhookDelivery, WebhookEndpoint
from launchopt.operations.webhooks.settling import subject_of
from launchopt.operations.webhooks.signing import new_secret
from launchopt.operations.webhooks.telling import write

BOTH_SECRETS_FOR = timedelta(hours=24)
CHANGEABLE = ("name", "url", "events", "is_active")


@transaction.atomic
def create_endpoint(
    *, name: str, url: str, events: Sequence[str], now: datetime, by: Any = None
) -> WebhookEndpoint:
    """Make an endpoint; its `secret` is to be shown now and never again.

    Raises InvalidInput for an address that may not be asked or an event that does not exist, and
    Conflict where the name is taken.
    """
    check_endpoint(name=name, url=url, events=events)
    endpoint = WebhookEndpoint.objects.create(
        name=name, url=url, events=list(events), secret=new_secret(), created_at=now
    )
    _audit("create_webhook", endpoint, now=now, by=by, after=_facts(endpoint))
    return endpoint


@transaction.atomic
def change_endpoint(
    *, endpoint: WebhookEndpoint, changes: dict[str, Any], now: datetime, by: Any = None
) -> WebhookEndpoint:
    """Change its name, address, events, or whether it is on. Raises as `create_endpoint` does.

    Switched on again it starts afresh: what waits for it goes out, and its alert is closed.
    """
    row = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
    before = _facts(row)
    for name in changes.keys() & set(CHANGEABLE):
        setattr(row, name, changes[name])
    check_endpoint(name=row.name, url=row.url, events=row.events, known=row)
    if row.is_active and not before["is_active"]:
        row.switched_off, row.failing_since, row.rests_until = "", None, None
        resolve_alert(code="webhook_off", subject=subject_of(row), now=now, by=by)
        jobs.send(jobs.SEND_WEBHOOKS)
    row.save()
    _audit("change_webhook", row, now=now, by=by, before=before, after=_facts(row))
    return row


@transaction.atomic
def replace_secret(*, endpoint: WebhookEndpoint, now: datetime, by: Any = None) -> str:
    """A new secret, shown now and never again; the one before signs too for a day."""
    row = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
    row.previous_secret, row.previous_until = row.secret, now + BOTH_SECRETS_FOR
    row.secret = new_secret()
    row.save(update_fields=["secret", "previous_secret", "previous_until"])
    _audit("replace_webhook_secret", row, now=now, by=by)
    return row.secret


@transaction.atomic
def send_test(*, endpoint: WebhookEndpoint, now: datetime, by: Any = None) -> None:
    """Put a test event into its outbox. Raises Conflict where it is switched off."""
    if not endpoint.is_active:
        raise Conflict("It is switched off; switch it on first.")
    write(endpoint, TEST, {"endpoint": endpoint.name}, key=str(uuid.uuid4()), now=now)
    _send_at_once(endpoint)
    _audit("test_webhook", endpoint, now=now, by=by)


@transaction.atomic
def resend(*, delivery: WebhookDelivery, now: datetime, by: Any = None) -> WebhookDelivery:
    """Send it again under its old id, as often as a new one would be tried.

    Raises Conflict where it waits still, and where it came too late.
    """
    row = WebhookDelivery.objects.select_for_update().get(pk=delivery.pk)
    if row.state == WebhookDelivery.State.WAITING:
        raise Conflict("It waits to be sent already.")
    if row.expires_at is not None and row.expires_at <= now:
        raise Conflict("It was worth sending only until then; it is too late.")
    row.state, row.attempts = WebhookDelivery.State.WAITING, 0
    row.next_attempt_at, row.finished_at = now, None
    row.save(update_fields=["state", "attempts", "next_attempt_at", "finished_at"])
    _send_at_once(row.endpoint)
    _audit("resend_webhook", row.endpoint, now=now, by=by, after={"delivery": str(row.pk)})
    return row


def check_endpoint(
    *, name: str, url: str, events: Sequence[str], known: WebhookEndpoint | None = None
) -> None:
    unknown = sorted(set(events) - EVENTS.keys())
    if unknown or not events:
        fault = f"There is no event {unknown[0]!r}" if unknown else "Choose at least one event"
        raise InvalidInput.at("/events", f"{fault}; there are {', '.join(EVENTS)}.")
    check_url(url)
    others = WebhookEndpoint.objects.exclude(pk=known.pk if known else None)
    sender = others.filter(events__contains=[MESSAGE_DECIDED]).first()
    if MESSAGE_DECIDED in events and sender:
        raise InvalidInput.at(
            "/events", f"{sender} sends messages already; two would send each message twice."
        )
    if others.filter(name=name).exists():
        raise Conflict(f"There is an endpoint named {name!r} already; choose another name.")


def _send_at_once(endpoint: WebhookEndpoint) -> None:
    """A person does not wait for the end of its rest."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(rests_until=None)
    jobs.send(jobs.SEND_WEBHOOKS)


def _facts(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {name: getattr(endpoint, name) for name in CHANGEABLE}


def _audit(action: str, endpoint: WebhookEndpoint, *, now: datetime, by: Any, **facts: Any) -> None:
    record_audit(action=action, subject=subject_of(endpoint), by=by, now=now, **facts)
