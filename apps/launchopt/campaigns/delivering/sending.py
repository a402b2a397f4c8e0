"""The next messages of each channel: decided about, noted as attempted, handed over.

Most channels cannot tell whether they were handed the same message before: there "attempted" is
committed before the other side is called, and the message goes out at most once.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import DatabaseError, IntegrityError, transaction

from launchopt.audiences.models import Customer
from launchopt.campaigns.channels import Refused, Sender, senders
from launchopt.campaigns.delivering.choosing import affordable, open_campaigns
from launchopt.campaigns.delivering.holding import Waiting, hold_silent, next_to_contact
from launchopt.campaigns.delivering.settling import leave_to_person, settle
from launchopt.campaigns.models import Decision, Message, Placement
from launchopt.campaigns.services import Question, decide
from launchopt.operations.alerts import open_alert, resolve_alert

logger = logging.getLogger(__name__)
LOST_AFTER = timedelta(minutes=10)  # an attempt of which nobody has told by then
BROKEN = "channel_broken"
State = Message.State


def send_due(*, now: datetime) -> dict[str, int]:
    """Decide about the next customers of each channel that is ready, and write to those for whom
    the answer is to show. A channel that breaks keeps no other from sending; a person is told."""
    counts = Counter({"decided": 0, "sent": 0, "attempted": 0, "refused": 0, "unknown": 0})
    for channel in senders():
        try:
            counts.update(_send_in(channel, now=now) if channel.is_ready() else ())
        except DatabaseError:
            raise
        except Exception as fault:
            logger.exception("The channel %s broke.", channel.name)
            open_alert(
                code=BROKEN,
                subject=f"channel:{channel.name}",
                message=f"No message went out by {channel}: {type(fault).__name__}.",
                now=now,
            )
        else:
            resolve_alert(code=BROKEN, subject=f"channel:{channel.name}", now=now)
    return dict(counts)


def _send_in(channel: Sender, *, now: datetime) -> Counter[str]:
    campaigns = open_campaigns(channel, now=now)
    most = min(affordable(campaigns), channel.room()) if campaigns else 0
    if most <= 0:
        return Counter()
    reached = channel.reachable(Customer.objects.filter(merged_into=None))
    waiting = next_to_contact(campaigns, reachable=reached, now=now, most=most)
    return _decide_and_send(waiting, channel=channel, now=now) if waiting else Counter()


def _decide_and_send(waiting: Sequence[Waiting], *, channel: Sender, now: datetime) -> Counter[str]:
    names = list(dict.fromkeys(each.name for each in waiting))
    Placement.objects.get_or_create(
        name=channel.name,
        defaults={"channel": channel.name, "description": "Messages that LaunchOpt sends."},
    )
    questions = [Question(customer=n, placement=channel.name, at=now, context={}) for n in names]
    answers = decide(questions=questions)
    hold_silent([answer.decision for answer in answers], waiting, now=now)
    counts = Counter(decided=len(names))
    for answer in answers:
        if answer.creative is not None:
            counts[send(answer.decision, channel=channel, now=now)] += 1
    return counts


def send(decision: Decision, *, channel: Sender, now: datetime) -> str:
    """Hand one message over, unless that was attempted before; gives its state."""
    if channel.is_repeatable:
        return _leave_note(decision, channel=channel, now=now)
    if not _attempt(decision, now=now):
        return str(State.UNKNOWN)
    try:
        was_taken = channel.send(decision, now=now)
    except Refused as refusal:
        return settle(decision, was_sent=False, now=now, why=str(refusal))
    except Exception as fault:
        # It may have gone out: what broke may have broken after the message was taken.
        logger.warning("A message's fate is unknown: %s", type(fault).__name__)
        return leave_to_person(decision, why=type(fault).__name__, now=now)
    return settle(decision, was_sent=True, now=now) if was_taken else str(State.ATTEMPTED)


def find_unknown(*, now: datetime) -> int:
    """Attempts of which nobody has told, because a worker was killed: a person must look."""
    told_later = [channel.name for channel in senders() if channel.is_repeatable]
    lost = Message.objects.filter(state=State.ATTEMPTED, attempted_at__lt=now - LOST_AFTER).exclude(
        decision__channel__in=told_later
    )
    rows = lost.select_related("decision")
    for message in rows:
        leave_to_person(message.decision, why="the worker was lost", now=now)
    return len(rows)


@transaction.atomic
def _leave_note(decision: Decision, *, channel: Sender, now: datetime) -> str:
    """The attempt and what the channel leaves behind are kept together, or neither."""
    _, is_new = Message.objects.get_or_create(decision=decision, defaults={"attempted_at": now})
    if is_new and channel.send(decision, now=now):
        return settle(decision, was_sent=True, now=now)
    return str(State.ATTEMPTED)


def _attempt(decision: Decision, *, now: datetime) -> bool:
    """Note that it is about to be sent; False where somebody did before. Committed at once."""
    try:
        with transaction.atomic(durable=True):
            Message.objects.create(decision=decision, attempted_at=now)
    except IntegrityError:
        return False
    return True
