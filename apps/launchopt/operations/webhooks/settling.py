"""What an attempt means: arrived, tried again later, or given up; an endpoint switched off."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import DateTimeField, Value
from django.db.models.functions import Coalesce
from numpy.random import Generator

from launchopt.conf import launchopt_settings
from launchopt.operations.alerts import open_alert, resolve_alert
from launchopt.operations.models import Alert
from launchopt.operations.webhooks.models import WebhookDelivery, WebhookEndpoint
from launchopt.operations.webhooks.posting import GONE, Outcome
from launchopt.operations.webhooks.signals import webhook_finished

REST = timedelta(seconds=10)  # of an endpoint that failed, whatever else waits for it
FIRST_PAUSE = timedelta(seconds=10)
GROWTH = 3
LONGEST_PAUSE = timedelta(hours=12)
JITTER = 0.2  # of a pause, so that those who failed together do not come back together
CHANGED = (
    "state", "next_attempt_at", "is_doubtful", "response_status", "response_start", "error",
    "finished_at",
)  # fmt: skip
GIVEN_UP = "webhook_given_up"
State = WebhookDelivery.State


@transaction.atomic
def settle(delivery: WebhookDelivery, outcome: Outcome, *, now: datetime, rng: Generator) -> str:
    """Note what came of an attempt; gives the state. Nothing where others took it over since."""
    _note(delivery, outcome)
    if outcome.has_arrived:
        delivery.state = State.DELIVERED
    elif delivery.attempts >= launchopt_settings().webhook_attempts:
        delivery.state = State.GIVEN_UP
    else:
        delivery.next_attempt_at = now + pause_after(delivery.attempts, outcome, rng=rng)
    if not _keep(delivery, now=now):
        return str(State.WAITING)
    _judge_endpoint(delivery.endpoint, outcome, now=now)
    return str(delivery.state)


def pause_after(attempts: int, outcome: Outcome, *, rng: Generator) -> timedelta:
    """Three times as long after each attempt, give or take a fifth; longer where it was asked."""
    pause = min(FIRST_PAUSE * GROWTH ** (attempts - 1), LONGEST_PAUSE)
    asked = min(timedelta(seconds=outcome.wait_seconds), LONGEST_PAUSE)
    return max(pause * rng.uniform(1 - JITTER, 1 + JITTER), asked)


@transaction.atomic
def give_up_expired(*, now: datetime) -> int:
    """Give up what is worth nothing any more; gives how many."""
    late = WebhookDelivery.objects.filter(state=State.WAITING, expires_at__lte=now)
    rows = late.select_for_update(skip_locked=True, of=("self",)).select_related("endpoint")
    for delivery in rows:
        delivery.state, delivery.error = State.GIVEN_UP, delivery.error or "It came too late."
        _keep(delivery, now=now)
    return len(rows)


def _note(delivery: WebhookDelivery, outcome: Outcome) -> None:
    delivery.response_status, delivery.response_start = outcome.status, outcome.start
    delivery.error = outcome.error[:300]
    delivery.is_doubtful = outcome.is_doubtful or delivery.is_doubtful


def _keep(delivery: WebhookDelivery, *, now: datetime) -> bool:
    """Write it down, unless others took it over since; at its end tell whoever waits for it, and a
    person of one that was given up."""
    has_ended = delivery.state != State.WAITING
    delivery.finished_at = now if has_ended else None
    ours = WebhookDelivery.objects.filter(
        pk=delivery.pk, attempts=delivery.attempts, state=State.WAITING
    )
    if not ours.update(**{name: getattr(delivery, name) for name in CHANGED}):
        return False
    if delivery.state == State.GIVEN_UP:
        open_alert(
            code=GIVEN_UP,
            subject=subject_of(delivery.endpoint),
            message=f"Events did not reach {delivery.endpoint}: {delivery.error} Look at its "
            "deliveries and send them again.",
            now=now,
        )
    if has_ended:
        webhook_finished.send(sender=WebhookDelivery, delivery=delivery, now=now)
    return True


def _judge_endpoint(endpoint: WebhookEndpoint, outcome: Outcome, *, now: datetime) -> None:
    rows = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    if outcome.has_arrived:
        rows.exclude(failing_since=None).update(failing_since=None, rests_until=None)
        _resolve(endpoint, now=now)
        return
    since = Coalesce("failing_since", Value(now, DateTimeField()))
    rows.update(failing_since=since, rests_until=now + REST)
    days = launchopt_settings().webhook_off_days
    if outcome.status == GONE:
        switch_off(endpoint, why="It answered 410: it is gone for good.", now=now)
    elif rows.filter(failing_since__lte=now - timedelta(days=days)).exists():
        switch_off(endpoint, why=f"Nothing arrived for {days} days.", now=now)


def switch_off(endpoint: WebhookEndpoint, *, why: str, now: datetime) -> None:
    """Send it nothing more until a person switches it on; a person is told."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(is_active=False, switched_off=why)
    open_alert(
        code="webhook_off",
        subject=subject_of(endpoint),
        message=f"The webhook endpoint {endpoint} was switched off. {why}",
        now=now,
        severity=Alert.Severity.CRITICAL,
    )


def _resolve(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Close the alert once nothing that was given up is left that could be sent again."""
    told = {"code": GIVEN_UP, "subject": subject_of(endpoint)}
    if not Alert.objects.filter(**told, resolved_at=None).exists():
        return
    if not endpoint.deliveries.filter(state=State.GIVEN_UP, expires_at=None).exists():
        resolve_alert(**told, now=now)


def subject_of(endpoint: WebhookEndpoint) -> str:
    """How alerts and the audit trail name it."""
    return f"webhook:{endpoint.pk}"
