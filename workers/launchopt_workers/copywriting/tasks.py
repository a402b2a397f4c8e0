"""Write the creatives of a launch: read facts and portraits, write, keep drafts for review."""

from __future__ import annotations

from functools import partial
from typing import Any

from launchopt import jobs
from launchopt.operations.runs import Work
from launchopt_workers.copywriting.writing import places_of, write_place
from launchopt_workers.running import job_body


@job_body(jobs.WRITE_CREATIVES)
def write_creatives(work: Work, *, launch_id: str, **_: Any) -> dict[str, Any]:
    """Drafts for each audience and channel of a launch, one for each treatment."""
    places = places_of(launch_id)
    work.expect(len(places))
    written = 0
    for done, place in enumerate(places, start=1):
        step = f"write {place.channel} for {place.audience}"
        writing = partial(write_place, place, now=work.clock())
        result = work.once(f"{step} ({place.audience.pk})", writing)
        written += result["creatives"]
        work.report(done=done, step=step)
    return {"creatives": written}
