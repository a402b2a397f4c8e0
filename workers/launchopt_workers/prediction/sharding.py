"""Work shared out in parts, each a run of its own, taken up by whichever worker is free.

The run that shares out works on parts too, so it also ends where no other worker is up. A part
whose worker was killed is sent again by the rescue of lost runs, and finds its steps done.
"""

from __future__ import annotations

import time
from typing import Any

from launchopt.jobs import Job
from launchopt.operations import runs
from launchopt.operations.errors import Conflict
from launchopt.operations.models import Run
from launchopt.operations.runs import LeaseLost, Work
from launchopt_workers.running import BODIES, work_on_run

LOOK_SECONDS = 1.0  # between two looks at parts that others hold


def done_by_all(work: Work, *, job: Job, parts: list[dict[str, Any]]) -> None:
    """Return when every part is done. Raises Conflict where one failed; what is left is stopped."""
    asked = work.once(f"ask for {len(parts)} parts", lambda: {"runs": _ask(work, job, parts)})
    ids: list[str] = asked["runs"]
    _ask_again(ids, work=work)
    try:
        while _one_more(ids, work=work, job=job):
            pass
    except LeaseLost:
        raise  # another worker goes on with the parts
    except Exception:
        _stop(ids, work=work)
        raise


def _ask(work: Work, job: Job, parts: list[dict[str, Any]]) -> list[str]:
    subject, now = work.run.subject if work.run else "", work.clock()
    return [
        str(runs.request_run(job=job, arguments=part, now=now, subject=subject).pk)
        for part in parts
    ]


def _ask_again(ids: list[str], *, work: Work) -> None:
    """A run that is tried again tries its parts again."""
    for run in Run.objects.filter(pk__in=ids, state__in=[Run.State.FAILED, Run.State.CANCELLED]):
        runs.retry_run(run=run, now=work.clock())


def _one_more(ids: list[str], *, work: Work, job: Job) -> bool:
    """Work on a part that waits, or wait for those that others hold; whether any is left."""
    parts = list(Run.objects.filter(pk__in=ids).order_by("created_at", "pk"))
    open_ones = [part for part in parts if part.is_open]
    work.report(done=len(parts) - len(open_ones), step="score customers by shares")
    failed = next((part for part in parts if part.error and not part.is_open), None)
    if failed:
        raise Conflict(f"A share of the work failed: {failed.error}")
    waiting = next((part for part in open_ones if part.state == Run.State.QUEUED), None)
    if waiting:
        work_on_run(str(waiting.pk), BODIES[job.name])
    elif open_ones:
        runs.rescue_lost_runs(now=work.clock())
        time.sleep(LOOK_SECONDS)
    return bool(open_ones)


def _stop(ids: list[str], *, work: Work) -> None:
    for part in Run.objects.filter(pk__in=ids):
        if part.is_open:
            runs.cancel_run(run=part, now=work.clock())
