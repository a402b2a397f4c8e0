"""What other systems are told of launches and their words, in the transaction that changed them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from launchopt.campaigns.models import Creative, Launch
from launchopt.operations.webhooks import events, tell

OF_ACTION = {
    "start_launch": events.LAUNCH_STARTED,
    "pause_launch": events.LAUNCH_PAUSED,
    "resume_launch": events.LAUNCH_RESUMED,
    "finish_launch": events.LAUNCH_FINISHED,
}


def tell_of_launch(action: str, launch: Launch, *, now: datetime) -> None:
    """Tell that a launch changed its state; simulations are nobody's business."""
    event = OF_ACTION.get(action)
    if event is None or launch.is_simulated:
        return
    told = {"launch": str(launch.pk), "name": launch.name, "status": str(launch.status)}
    tell(event, told, key=_once(launch, now), now=now)


def tell_approved(creative: Creative, *, now: datetime) -> None:
    """Tell that words went into service."""
    tell(events.CREATIVE_APPROVED, _words(creative), key=_once(creative, now), now=now)


def tell_withdrawn(creatives: Iterable[Creative], *, why: str, now: datetime) -> None:
    """Tell that words were taken out of service."""
    for creative in creatives:
        told = _words(creative) | {"reason": why}
        tell(events.CREATIVE_WITHDRAWN, told, key=_once(creative, now), now=now)


def _words(creative: Creative) -> dict[str, Any]:
    names = ("channel", "language", "headline")
    ids = {"creative": str(creative.pk), "launch": str(creative.launch_id)}
    return ids | {name: str(getattr(creative, name)) for name in names}


def _once(row: Launch | Creative, now: datetime) -> str:
    """It may happen to a row more than once, but not twice at one instant."""
    return f"{row.pk} {now.isoformat()}"
