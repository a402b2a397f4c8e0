"""How a job's body becomes a task, and how the same body runs in a command's own process.

A body is `body(work, **arguments) -> result`: it reads, computes and writes, and tells `work` how
far it is. Nothing here knows what any body does.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from celery import shared_task
from django.utils import timezone

from launchopt.jobs import Job
from launchopt.operations import runs
from launchopt.operations.models import Run
from launchopt.operations.runs import Work

Body = Callable[..., dict[str, Any]]
BODIES: dict[str, Body] = {}


def job_body(job: Job) -> Callable[[Body], Body]:
    """Register a body as the task of a job. The body stays an ordinary function.

    The task takes `run_id` where a person or another job asked for a run; a schedule's tick
    has none and leaves no run behind.
    """

    def register(body: Body) -> Body:
        BODIES[job.name] = body

        @shared_task(name=job.name, acks_late=True)
        def task(run_id: str | None = None, **arguments: Any) -> None:
            if run_id is None:
                body(Work(None, clock=timezone.now), **arguments)
            else:
                work_on_run(run_id, body)

        return body

    return register


def instant_of(work: Work, as_of: str | None) -> datetime:
    """The instant asked for; without one now, which stays the same when a run comes back."""
    if as_of:
        return datetime.fromisoformat(as_of)
    fixed = work.once("fix the instant", lambda: {"as_of": work.clock().isoformat()})
    return datetime.fromisoformat(fixed["as_of"])


def clock_of(work: Work, now: str | None) -> datetime:
    """The instant of simulated time that a job is given, else that of its own clock."""
    return datetime.fromisoformat(now) if now else work.clock()


def work_on_run(run_id: str, body: Body) -> None:
    """Work on a waiting run, unless another worker holds it or it has ended: then do nothing."""
    run = runs.take_lease(run_id=run_id, now=timezone.now())
    if run is not None:
        _work(run, body)


def give_way(*, to: Job) -> None:
    """Between two steps of long work: work on the runs that wait of another job, one by one.

    What becomes of them their runs tell, an error too; the long work goes on.
    """
    body = BODIES[to.name]
    waiting = Run.objects.filter(job=to.name, state=Run.State.QUEUED).order_by("created_at")
    for run_id in waiting.values_list("pk", flat=True):
        with suppress(Exception):
            work_on_run(str(run_id), body)


def run_here(
    job: Job,
    *,
    subject: str = "",
    by: Any = None,
    on_progress: Callable[[Run], None] | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    """Record a run and do its work in this process, as commands do. Gives the body's result."""
    run = runs.create_run(job=job, arguments=arguments, now=timezone.now(), subject=subject, by=by)
    leased = runs.take_lease(run_id=str(run.pk), now=timezone.now())
    assert leased is not None, "nobody else knows of this run yet"
    return _work(leased, BODIES[job.name], on_progress=on_progress)


def _work(
    run: Run, body: Body, *, on_progress: Callable[[Run], None] | None = None
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    with runs.working_on(run, clock=timezone.now, on_progress=on_progress) as work:
        result = body(work, **run.arguments)
        runs.succeed(run, result=result, now=timezone.now())
    return result
