"""One tick of pacing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from launchopt.campaigns import creatives, services


def pace(*, now: datetime, simulated: bool) -> dict[str, Any]:
    """Finish first, so that nothing is let out to a launch that is over; it may run twice."""
    finished = services.finish_ended(now=now, simulated=simulated)
    services.move_bars(now=now, simulated=simulated)
    paced = services.pace_launches(now=now, simulated=simulated)
    stale = 0 if simulated else creatives.mark_stale(now=now)
    return paced | {"finished": [str(launch) for launch in finished], "stale": stale}
