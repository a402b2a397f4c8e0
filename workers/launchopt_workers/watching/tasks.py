"""The nightly look at the interest model in service, and the frequent one at launches."""

from __future__ import annotations

from typing import Any

from launchopt import jobs
from launchopt.campaigns.watching import watch_launches as watch_all
from launchopt.campaigns.watching import watch_shop
from launchopt.operations.mails import tell_waiting
from launchopt.operations.runs import Work
from launchopt_workers.running import clock_of, instant_of, job_body
from launchopt_workers.watching import drift


@job_body(jobs.WATCH_DRIFT)
def watch_drift(work: Work, *, as_of: str | None = None, **_: Any) -> dict[str, Any]:
    """Hold recent scores and purchases against what the model was trained on."""
    return drift.watch(now=instant_of(work, as_of))


@job_body(jobs.WATCH_LAUNCHES)
def watch_launches(work: Work, *, now: str | None = None, **_: Any) -> dict[str, Any]:
    """Open and end the alerts of running launches, and of the shop's site.

    Without `now` it looks at the launches on the clock of the wall; with it, at those on simulated
    time, whose alerts are told to nobody.
    """
    instant = clock_of(work, now)
    if now is None:
        watch_shop(now=instant)
    return watch_all(now=instant, simulated=now is not None)


@job_body(jobs.TELL_ALERTS)
def tell_alerts(work: Work, **_: Any) -> dict[str, Any]:
    """Send the e-mails about alerts that wait."""
    return tell_waiting(now=work.clock())
