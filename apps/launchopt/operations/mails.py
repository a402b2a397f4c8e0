"""E-mails about alerts, to the people of the shop: each at most once, "attempted" is noted first.

A server that cannot be reached, or says no, is asked again for a day. Whose fate nobody knows,
because the worker was killed or the line broke in the middle, is not sent again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPHeloError, SMTPRecipientsRefused, SMTPSenderRefused

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.urls import NoReverseMatch, reverse

from launchopt.conf import launchopt_settings
from launchopt.operations.models import Alert, AlertNotice

State = AlertNotice.State
ASKED_FOR = timedelta(days=1)  # older news tells nobody anything
AGAIN_AFTER = timedelta(minutes=10)
# The server said no before it took the message over.
REFUSALS = (SMTPRecipientsRefused, SMTPSenderRefused, SMTPHeloError, SMTPDataError)


def tell_waiting(*, now: datetime, connection: BaseEmailBackend | None = None) -> dict[str, int]:
    """Send what waits; gives how many notices came to each state."""
    counts = {"sent": 0, "waiting": 0, "attempted": 0, "given_up": _give_up(now=now)}
    waiting = AlertNotice.objects.filter(state=State.WAITING).select_related("alert")
    for notice in waiting:
        if notice.attempted_at and now - notice.attempted_at < AGAIN_AFTER:
            continue
        if _claim(notice, now=now):
            counts[_send(notice, now=now, connection=connection or get_connection())] += 1
    return counts


def _give_up(*, now: datetime) -> int:
    stale = AlertNotice.objects.filter(state=State.WAITING, wanted_at__lt=now - ASKED_FOR)
    return stale.update(state=State.GIVEN_UP, finished_at=now)


def _claim(notice: AlertNotice, *, now: datetime) -> bool:
    """Note that it is about to leave; False where another worker did. Committed at once."""
    mine = AlertNotice.objects.filter(pk=notice.pk, state=State.WAITING)
    return bool(mine.update(state=State.ATTEMPTED, attempted_at=now))


def _send(notice: AlertNotice, *, now: datetime, connection: BaseEmailBackend) -> str:
    to = list(launchopt_settings().alert_emails)
    if not to:
        return _finish(notice, State.GIVEN_UP, now=now, error="nobody is to be told any more")
    try:
        connection.open()
    except OSError as fault:  # nothing has left
        return _finish(notice, State.WAITING, now=now, error=told(fault))
    try:
        connection.send_messages([message_of(notice, to=to)])
    except REFUSALS as refusal:
        return _finish(notice, State.WAITING, now=now, error=told(refusal))
    except OSError as fault:
        return _finish(notice, State.ATTEMPTED, now=now, error=told(fault))
    finally:
        connection.close()
    return _finish(notice, State.SENT, now=now)


def _finish(notice: AlertNotice, state: str, *, now: datetime, error: str = "") -> str:
    AlertNotice.objects.filter(pk=notice.pk).update(
        state=state, finished_at=now if state == State.SENT else None, error=error[:300]
    )
    return str(state)


def told(fault: Exception) -> str:
    """What happened, without the address that a server likes to repeat."""
    code = getattr(fault, "smtp_code", None)
    if isinstance(fault, SMTPRecipientsRefused):
        code = next((code for code, _ in fault.recipients.values()), None)
    return f"{type(fault).__name__}{f' {code}' if code else ''}"


def message_of(notice: AlertNotice, *, to: list[str]) -> EmailMessage:
    """What an alert says, and where to look. No personal data: alerts hold none."""
    alert, shop = notice.alert, launchopt_settings()
    is_over = notice.about == AlertNotice.About.RESOLVED
    mark = "Over" if is_over else alert.get_severity_display().capitalize()
    lines = [
        alert.message,
        "",
        f"About: {alert.subject}",
        f"Opened: {alert.opened_at:%Y-%m-%d %H:%M} UTC",
        *([f"Over: {alert.resolved_at:%Y-%m-%d %H:%M} UTC"] if is_over else []),
        *([link] if (link := _address_of(alert)) else []),
    ]
    return EmailMessage(
        subject=f"[LaunchOpt] {mark}: {alert.title}",
        body="\n".join(lines),
        from_email=shop.email_from or None,  # None: Django's own default sender
        to=to,
        headers={"Auto-Submitted": "auto-generated"},
    )


def _address_of(alert: Alert) -> str:
    site = launchopt_settings().site_url.rstrip("/")
    try:
        page = reverse("admin:launchopt_operations_alert_change", args=[alert.pk])
    except NoReverseMatch:  # a worker of a host that serves no admin
        return ""
    return f"Look: {site}{page}" if site else ""
