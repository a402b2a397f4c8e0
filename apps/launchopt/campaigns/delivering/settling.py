"""What became of a message: taken, refused, or unknown, which a person settles."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from launchopt.audiences.models import EventKind
from launchopt.campaigns.models import Decision, Message
from launchopt.campaigns.onsite.answers import record_answer
from launchopt.operations.alerts import open_alert
from launchopt.operations.errors import Conflict
from launchopt.operations.services import record_audit

State = Message.State


def settle(
    decision: Decision, *, was_sent: bool, now: datetime, by: Any = None, why: str = ""
) -> str:
    """Note what became of a message: sent counts as seen and costs; not sent gives the money back.

    A person says so of one whose fate is unknown. Raises Conflict where it is known already.
    """
    message = Message.objects.get(pk=decision.pk)
    if message.state in (State.SENT, State.REFUSED):
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
        return _finish(decision, State.REFUSED, now=now, error=why or "said by a person")
    record_answer(decision, kind=EventKind.EXPOSURE, now=now)
    return _finish(decision, State.SENT, now=now)


def leave_to_person(decision: Decision, *, why: str, now: datetime) -> str:
    """Nobody knows whether it went out: a person must look."""
    open_alert(
        code="message_unknown",
        subject=f"launch:{decision.launch_id}",
        message="Messages may or may not have been sent; look at them and say which were.",
        now=now,
    )
    return _finish(decision, State.UNKNOWN, now=now, error=why)


def _finish(decision: Decision, state: str, *, now: datetime, error: str = "") -> str:
    Message.objects.filter(decision=decision).update(
        state=state, finished_at=now, error=error[:300]
    )
    return str(state)
