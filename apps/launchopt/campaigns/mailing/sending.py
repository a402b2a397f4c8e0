"""Messages go out at most once: 'attempted' is committed before the mail server is called."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import IntegrityError, transaction

from launchopt.audiences.models import EventKind
from launchopt.campaigns.mailing.choosing import (
    EMAIL,
    affordable,
    is_mail_set_up,
    next_customers,
    open_campaigns,
)
from launchopt.campaigns.mailing.composing import message_of, test_message_of
from launchopt.campaigns.models import Creative, Decision, Message, Placement
from launchopt.campaigns.onsite.answers import record_answer
from launchopt.campaigns.services import Question, decide
from launchopt.operations.alerts import open_alert
from launchopt.operations.errors import Conflict
from launchopt.operations.mails import REFUSALS, told
from launchopt.operations.services import record_audit

logger = logging.getLogger(__name__)
MOST = 200  # messages of one tick; the next, a minute later, sends more
LOST_AFTER = timedelta(minutes=10)  # an attempt of which nobody has told by then


def send_due(*, now: datetime, connection: BaseEmailBackend | None = None) -> dict[str, int]:
    """Decide about the next customers, and write to those for whom the answer is to show."""
    campaigns = open_campaigns(now=now) if is_mail_set_up() else []
    most = min(affordable(campaigns), MOST)
    names = next_customers(campaigns, now=now, most=most) if most else []
    counts = {"decided": len(names), "sent": 0, "refused": 0, "unknown": 0}
    if not names:
        return counts
    Placement.objects.get_or_create(
        name=EMAIL, defaults={"channel": EMAIL, "description": "Messages that LaunchOpt sends."}
    )
    questions = [Question(customer=n, placement=EMAIL, at=now, context={}) for n in names]
    server = connection or get_connection()
    for answer in decide(questions=questions):
        if answer.creative is not None:
            state = send(answer.decision, now=now, connection=server)
            counts[state] += 1
    return counts


def send(decision: Decision, *, now: datetime, connection: BaseEmailBackend) -> str:
    """Send one message, unless it was attempted before; gives its state."""
    if not _attempt(decision, now=now):
        return str(Message.State.UNKNOWN)
    to = decision.customer.email
    try:
        connection.send_messages([message_of(decision, to=to)])
    except REFUSALS as refusal:
        return _finish(decision, Message.State.REFUSED, now=now, error=told(refusal))
    except Exception as fault:
        # It may have gone out: the connection broke after the message was handed over.
        logger.warning("A message's fate is unknown: %s", type(fault).__name__)
        _finish(decision, Message.State.UNKNOWN, now=now, error=told(fault))
        _tell_person(decision, now=now)
        return str(Message.State.UNKNOWN)
    return settle(decision, was_sent=True, now=now)


def settle(decision: Decision, *, was_sent: bool, now: datetime, by: Any = None) -> str:
    """What became of a message: sent counts as seen and costs; not sent gives the money back.

    A person says so of one whose fate is unknown. Raises Conflict where it is known already.
    """
    message = Message.objects.get(pk=decision.pk)
    if message.state in (Message.State.SENT, Message.State.REFUSED):
        raise Conflict("What became of this message is known.")
    if by is not None:
        record_audit(
            action="settle_message",
            subject=f"decision:{decision.pk}",
            by=by,
            now=now,
            before={"state": message.state},
            after={"was_sent": was_sent},
        )
    if not was_sent:
        return _finish(decision, Message.State.REFUSED, now=now, error="said by a person")
    record_answer(decision, kind=EventKind.EXPOSURE, now=now)
    return _finish(decision, Message.State.SENT, now=now)


def send_test(creative: Creative, *, to: str) -> None:
    """These words to a person of the shop. Raises Conflict where mail is not set up or refused."""
    if not is_mail_set_up():
        raise Conflict("Set EMAIL_FROM and SITE_URL first; without them nothing is sent.")
    if not to:
        raise Conflict("Your account has no e-mail address.")
    try:
        get_connection().send_messages([test_message_of(creative, to=to)])
    except OSError as fault:  # all of smtplib's errors are
        raise Conflict(f"The mail server did not take it: {told(fault)}.") from fault


def find_unknown(*, now: datetime) -> int:
    """Attempts of which nobody has told, because a worker was killed: a person must look."""
    lost = Message.objects.filter(
        state=Message.State.ATTEMPTED, attempted_at__lt=now - LOST_AFTER
    ).select_related("decision")
    for message in lost:
        _finish(message.decision, Message.State.UNKNOWN, now=now, error="the worker was lost")
        _tell_person(message.decision, now=now)
    return len(lost)


def _attempt(decision: Decision, *, now: datetime) -> bool:
    """Note that it is about to be sent; False where somebody did before. Committed at once."""
    try:
        with transaction.atomic(durable=True):
            Message.objects.create(decision=decision, attempted_at=now)
    except IntegrityError:
        return False
    return True


def _finish(decision: Decision, state: str, *, now: datetime, error: str = "") -> str:
    Message.objects.filter(decision=decision).update(
        state=state, finished_at=now, error=error[:300]
    )
    return str(state)


def _tell_person(decision: Decision, *, now: datetime) -> None:
    open_alert(
        code="message_unknown",
        subject=f"launch:{decision.launch_id}",
        message="Messages may or may not have been sent; look at them and say which were.",
        now=now,
    )
