"""Plan a launch, step by step; a worker that comes back goes on where the last one stopped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import Any

from launchopt import jobs
from launchopt.campaigns.models import Launch
from launchopt.campaigns.selectors import launch_named
from launchopt.campaigns.selectors.interest import has_scores
from launchopt.campaigns.services import abandon_plan, plan_steps
from launchopt.campaigns.services.deciding import Added, Unknown
from launchopt.campaigns.services.forecasting import days_of
from launchopt.operations.runs import LeaseLost, Work
from launchopt_workers.running import BODIES, Body, job_body

Step = Callable[[Launch], dict[str, Any] | None]


@job_body(jobs.PLAN_LAUNCH)
def plan_launch(work: Work, *, launch_id: str, as_of: str, **_: Any) -> dict[str, Any]:
    """Interest, audiences, figures, experiment, budget, words: what a launch's plan consists of."""
    known_until = datetime.fromisoformat(as_of)
    try:
        for done, (name, step) in enumerate(_steps(work, known_until)):
            work.report(done=done, step=name)
            work.once(name, lambda step=step: step(launch_named(launch_id)))
    except LeaseLost:
        raise
    except BaseException:
        abandon_plan(launch=launch_named(launch_id))
        raise
    return {"launch": launch_id}


def _steps(work: Work, as_of: datetime) -> list[tuple[str, Step]]:
    now = work.clock
    steps: list[tuple[str, Step]] = [
        ("predict interest", lambda launch: _predict(launch, work=work, as_of=as_of)),
        ("build audiences", lambda launch: _build(launch, work=work, as_of=as_of)),
        ("gather figures", lambda launch: plan_steps.plan_figures(launch=launch, as_of=as_of)),
        ("register the experiment", lambda la: plan_steps.plan_experiment(launch=la, now=now())),
        ("lay out the budget", lambda launch: plan_steps.plan_budget(launch=launch, now=now())),
        ("write creatives", lambda launch: _write(launch, work=work)),
        ("finish the plan", lambda launch: plan_steps.finish_plan(launch=launch)),
    ]
    work.expect(len(steps))
    return steps


def _predict(launch: Launch, *, work: Work, as_of: datetime) -> dict[str, Any]:
    """Score the product, unless it has been scored as of this instant over as many days."""
    days = days_of(launch)
    if has_scores(launch, as_of=as_of, horizon_days=days):
        return {"scored": False}
    score = _body_of(jobs.SCORE_INTEREST)
    score(
        Work(None, clock=work.clock),
        product_ids=[str(launch.product_id)],
        as_of=as_of.isoformat(),
        horizon_days=days,
    )
    return {"scored": True}


def _build(launch: Launch, *, work: Work, as_of: datetime) -> dict[str, Any]:
    """Ask what a contact adds, as past launches tell it, and build the audiences by it."""
    added = _added(launch, work=work, as_of=as_of)
    return plan_steps.plan_audiences(launch=launch, now=work.clock(), added=added)


def _added(launch: Launch, *, work: Work, as_of: datetime) -> Added | Unknown:
    from launchopt_workers.uplift.asking import NoUplift, uplift_for

    quiet = Work(None, clock=work.clock)
    found = uplift_for(product_id=launch.product_id, as_of=as_of, work=quiet)
    if isinstance(found, NoUplift):
        return Unknown(found.reason)
    return Added(found.per_contact, found.figure)


def _write(launch: Launch, *, work: Work) -> dict[str, Any]:
    write = _body_of(jobs.WRITE_CREATIVES)
    return write(Work(None, clock=work.clock), launch_id=str(launch.pk))


def _body_of(job: jobs.Job) -> Body:
    """What another package of the workers does for a job; all are registered once this is asked."""
    import_module("launchopt_workers.tasks")
    return BODIES[job.name]
