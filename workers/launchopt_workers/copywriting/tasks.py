"""Write the creatives of a launch: read facts and portraits, write, keep drafts for review."""

from __future__ import annotations

from functools import partial
from typing import Any

from launchopt import jobs
from launchopt.campaigns.models import Launch
from launchopt.operations.runs import Work
from launchopt_workers.appeal.ranking import rank_words
from launchopt_workers.copywriting.choosing import writer_for
from launchopt_workers.copywriting.writing import (
    keep_drafts,
    spots_of,
    treatments_of,
    write_spots,
)
from launchopt_workers.running import job_body

SPOTS_AT_ONCE = 8  # of a writer that writes in batches; what is finished is not written again


@job_body(jobs.WRITE_CREATIVES)
def write_creatives(work: Work, *, launch_id: str, **_: Any) -> dict[str, Any]:
    """Several drafts for each audience, persona, channel, language and treatment of a launch."""
    launch = Launch.objects.select_related("product__category", "experiment").get(pk=launch_id)
    spots, variants = spots_of(launch), treatments_of(launch)
    writer = writer_for("creatives", clock=work.clock)
    work.expect(len(spots))
    total = {"creatives": 0, "fallbacks": 0}
    for start in range(0, len(spots), SPOTS_AT_ONCE):
        some = spots[start : start + SPOTS_AT_ONCE]
        result = work.made_once(
            f"write from {start}: {_named(some)}",
            partial(write_spots, some, variants=variants, writer=writer),
            partial(keep_drafts, now=work.clock()),
        )
        total = {name: total[name] + result[name] for name in total}
        work.report(done=start + len(some), step=_named(some))
    work.once("rank the candidates", lambda: {"ranked": rank_words(launch=launch_id)})
    return total


def _named(spots: list[Any]) -> str:
    """Where these are, for who watches the run."""
    place = spots[0][0]
    return f"{place.channel} for {place.audience}"
