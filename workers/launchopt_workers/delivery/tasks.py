"""Pacing every few minutes, new weights every few hours."""

from __future__ import annotations

from typing import Any

from launchopt import jobs
from launchopt.campaigns import delivering
from launchopt.campaigns.services import best_hours
from launchopt.operations.runs import Work
from launchopt_workers.delivery import pacing, weights
from launchopt_workers.running import clock_of, instant_of, job_body


@job_body(jobs.PACE_LAUNCHES)
def pace_launches(work: Work, *, now: str | None = None, **_: Any) -> dict[str, Any]:
    """Let out money, finish launches whose end has come, and give back what lapsed.

    Without `now` it paces the launches on the clock of the wall; with it, those on simulated time.
    """
    return pacing.pace(now=clock_of(work, now), simulated=now is not None)


@job_body(jobs.UPDATE_WEIGHTS)
def update_weights(work: Work, *, now: str | None = None, **_: Any) -> dict[str, Any]:
    """Give more of the new customers to the words that convert."""
    return weights.update(now=clock_of(work, now), simulated=now is not None)


@job_body(jobs.LEARN_BEST_HOURS)
def learn_best_hours(work: Work, *, as_of: str | None = None, **_: Any) -> dict[str, Any]:
    """Learn in which hours customers are in the shop, from what they did before `as_of`."""
    return {"customers": best_hours.learn_best_hours(now=instant_of(work, as_of))}


@job_body(jobs.SEND_MESSAGES)
def send_messages(work: Work, **_: Any) -> dict[str, Any]:
    """Write to the next customers of running launches, on the clock of the wall."""
    now = work.clock()
    return {"lost": delivering.find_unknown(now=now)} | delivering.send_due(now=now)
