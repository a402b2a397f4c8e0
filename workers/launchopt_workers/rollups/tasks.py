"""The task of the rollups."""

from __future__ import annotations

from typing import Any

from django.utils.dateparse import parse_datetime

from launchopt import jobs
from launchopt.experiments.services import place_customers
from launchopt.operations.runs import Work
from launchopt_workers.rollups.results import keep_results
from launchopt_workers.rollups.rollup import rebuild, roll_up
from launchopt_workers.running import job_body


@job_body(jobs.ROLL_UP_METRICS)
def roll_up_metrics(
    work: Work, until: str | None = None, rebuild_all: bool = False, **_: Any
) -> dict[str, Any]:
    """Count what is new, and keep what experiments show by the hour.

    `until` (ISO) is the clock of simulated launches; without it, everything that came is counted.
    """
    instant = parse_datetime(until) if until else None
    work.report(step="Rebuild the minutes that something new touches")
    report = (rebuild if rebuild_all else roll_up)(until=instant)
    place_customers()
    work.report(step="Keep what the experiments show")
    kept = keep_results(now=instant or work.clock(), with_simulated=instant is not None)
    return report | {"results": kept}
