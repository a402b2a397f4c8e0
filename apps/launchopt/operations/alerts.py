"""Alerts: opened once, told once, seen or muted by a person, closed when their cause is gone.

What happened to an alert stands in the audit trail under `alert:<id>`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from launchopt import jobs
from launchopt.conf import launchopt_settings
from launchopt.operations import webhooks
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt.operations.models import Alert, AlertNotice
from launchopt.operations.services import actor_name, record_audit
from launchopt.operations.webhooks.events import ALERT_OPENED, ALERT_RESOLVED

About = AlertNotice.About
WEBHOOKS = {About.OPENED: ALERT_OPENED, About.RESOLVED: ALERT_RESOLVED}


@transaction.atomic
def open_alert(
    *,
    code: str,
    subject: str,
    message: str,
    now: datetime,
    severity: str = Alert.Severity.WARNING,
    is_told: bool = True,
) -> Alert:
    """Open an alert, or refresh the one that is open for the same code and subject.

    Only a new one is told, and not where a person has muted its kind, or `is_told` is off.
    """
    said = {"message": message[:500], "severity": severity}
    muted_until = _muted_until(code, subject, now=now)
    is_told = is_told and muted_until is None
    new = said | {"opened_at": now, "muted_until": muted_until, "is_told": is_told}
    alert, is_new = Alert.objects.update_or_create(
        code=code, subject=subject, resolved_at=None, defaults=said, create_defaults=new
    )
    if is_new:
        _record("open_alert", alert, now=now, note=alert.message)
        if is_told:
            _tell(alert, About.OPENED, now=now)
    return alert


@transaction.atomic
def resolve_alert(*, code: str, subject: str, now: datetime, by: Any = None) -> int:
    """Close the open alert of a code and subject; gives how many there were, 0 or 1.

    Whoever was told that it opened is told that it is over.
    """
    open_now = Alert.objects.select_for_update().filter(
        code=code, subject=subject, resolved_at=None
    )
    alert = open_now.first()
    if alert is None:
        return 0
    alert.resolved_at = now
    alert.save(update_fields=["resolved_at"])
    _record("resolve_alert", alert, now=now, by=by)
    is_muted = alert.muted_until is not None and alert.muted_until > now
    if alert.is_told and not is_muted:
        _tell(alert, About.RESOLVED, now=now)
    return 1


def resolve_by_hand(*, alert: Alert, by: Any, now: datetime) -> None:
    """Close an alert; it opens again while its cause stays. Raises Conflict where it is over."""
    _require_open(alert)
    resolve_alert(code=alert.code, subject=alert.subject, now=now, by=by)


def acknowledge_alert(*, alert: Alert, by: Any, now: datetime) -> Alert:
    """Say that somebody looks after it. Raises Conflict where it is over."""
    _require_open(alert)
    alert.acknowledged_at, alert.acknowledged_by = now, actor_name(by)[:150]
    with transaction.atomic():
        alert.save(update_fields=["acknowledged_at", "acknowledged_by"])
        _record("acknowledge_alert", alert, now=now, by=by)
    return alert


def mute_alert(*, alert: Alert, until: datetime, by: Any, now: datetime) -> Alert:
    """Tell nobody of its kind on its subject until an instant. Raises InvalidInput, Conflict."""
    _require_open(alert)
    if until <= now:
        raise InvalidInput.at("/until", "An alert is muted until an instant to come.")
    alert.muted_until = until
    with transaction.atomic():
        alert.save(update_fields=["muted_until"])
        _record("mute_alert", alert, now=now, by=by, note=f"until {until:%Y-%m-%d %H:%M} UTC")
    return alert


def _require_open(alert: Alert) -> None:
    if not alert.is_open:
        raise Conflict(f"It was resolved at {alert.resolved_at:%Y-%m-%d %H:%M} UTC.")


def _muted_until(code: str, subject: str, *, now: datetime) -> datetime | None:
    """What a person said of the alert before it still holds."""
    earlier = Alert.objects.filter(code=code, subject=subject, muted_until__gt=now)
    return earlier.order_by("-opened_at").values_list("muted_until", flat=True).first()


def _tell(alert: Alert, about: str, *, now: datetime) -> None:
    """Leave notes for mail and webhooks, which go out when this transaction commits."""
    facts = ("code", "subject", "severity", "message")
    told = {"alert": str(alert.pk)} | {name: str(getattr(alert, name)) for name in facts}
    webhooks.tell(WEBHOOKS[about], told, key=str(alert.pk), now=now)
    if launchopt_settings().alert_emails:
        AlertNotice.objects.create(alert=alert, about=about, wanted_at=now)
        jobs.send(jobs.TELL_ALERTS)


def _record(action: str, alert: Alert, *, now: datetime, by: Any = None, note: str = "") -> None:
    record_audit(action=action, subject=f"alert:{alert.pk}", by=by, now=now, note=note)
