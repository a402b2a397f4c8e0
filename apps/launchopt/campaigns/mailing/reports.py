"""What a mail provider tells of messages: delivered, bounced, complained of."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from launchopt.audiences.models import EventKind
from launchopt.audiences.services import record_events
from launchopt.campaigns.models import Decision, Message
from launchopt.conf import launchopt_settings
from launchopt.operations.errors import InvalidInput, NotAllowed

KINDS = (EventKind.DELIVERED, EventKind.BOUNCE, EventKind.COMPLAINT)
MOST = 1000


def check_signature(body: bytes, *, given: str) -> None:
    """Raise NotAllowed unless the body bears `sha256=` and its HMAC with the shared secret."""
    secret = launchopt_settings().webhook_secret
    if not secret:
        raise NotAllowed("Reports are not taken: the setting WEBHOOK_SECRET is empty.")
    wanted = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted, given):
        raise NotAllowed("The signature is not that of this body.")


def record_reports(reports: Sequence[Any], *, now: datetime) -> dict[str, Any]:
    """Note each report as an event of its customer; a complaint withdraws the consent.

    A report is `{"message_id": the Message-ID we sent, "kind": ...}`. Gives how many were accepted,
    and what is wrong with each of the others. Telling it again changes nothing.
    """
    if not isinstance(reports, list) or len(reports) > MOST:
        raise InvalidInput(f"Send a list of up to {MOST:,} reports.")
    found = _decisions(reports)
    events, rejected = [], []
    for index, report in enumerate(reports):
        decision, fault = found.get(_decision_id(report)), _fault(report)
        if fault or decision is None:
            reason = fault or "We sent no such message."
            rejected.append({"index": index, "reason": reason})
            continue
        events.append(_event(decision, report["kind"], now=now))
    if events:
        record_events(events, received_at=now, source="mail reports")
    return {"accepted": len(events), "rejected": rejected}


def _decisions(reports: Sequence[Any]) -> dict[uuid.UUID | None, Decision]:
    ids = {key for key in map(_decision_id, reports) if key}
    rows = Message.objects.filter(pk__in=ids).select_related("decision__customer")
    return {row.pk: row.decision for row in rows}


def _decision_id(report: Any) -> uuid.UUID | None:
    named = str(report.get("message_id", "")) if isinstance(report, dict) else ""
    try:
        return uuid.UUID(hex=named.strip("<> ").partition("@")[0])
    except ValueError:
        return None


def _fault(report: Any) -> str:
    if not isinstance(report, dict):
        return "A report is an object with message_id and kind."
    if report.get("kind") not in KINDS:
        return f"The kind is one of {', '.join(KINDS)}."
    return ""


def _event(decision: Decision, kind: str, *, now: datetime) -> dict[str, Any]:
    return {
        "customer": decision.customer.external_id,
        "kind": kind,
        "occurred_at": now.isoformat(),
        "decision_id": str(decision.pk),
        "message_id": f"mail:{kind}:{decision.pk}",
    }
