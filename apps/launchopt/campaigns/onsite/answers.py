"""What a browser tells of a decision becomes an event, once."""

from __future__ import annotations

import uuid
from datetime import datetime

from launchopt.audiences.models import EventKind
from launchopt.audiences.services import record_events
from launchopt.campaigns.models import Decision
from launchopt.operations.errors import NotFound

OF_A_PRODUCT = (EventKind.EXPOSURE, EventKind.CLICK)


def decision_shown(decision_id: uuid.UUID) -> Decision:
    """A decision that showed something, with whom and what. Raises NotFound."""
    rows = Decision.objects.select_related("customer", "launch__product")
    decision = rows.filter(pk=decision_id).exclude(creative=None).first()
    if decision is None:
        raise NotFound("There is no such decision any more.")
    return decision


def record_answer(decision: Decision, *, kind: str, now: datetime) -> None:
    """What a customer did with what was shown; the same again changes nothing."""
    assert decision.launch is not None, "a decision that showed something has a launch"
    event = {
        "customer": decision.customer.external_id,
        "sku": decision.launch.product.sku if kind in OF_A_PRODUCT else None,
        "kind": kind,
        "occurred_at": now.isoformat(),
        "decision_id": str(decision.pk),
        "message_id": f"onsite:{kind}:{decision.pk}",
    }
    record_events([event], received_at=now, source="onsite")
