"""Partitions made ahead, and lost runs taken up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from launchopt import jobs
from launchopt.audiences.partitions import ensure_partitions
from launchopt.operations.runs import Work, rescue_lost_runs
from launchopt_workers.running import job_body

MONTHS_AHEAD = timedelta(days=92)


@job_body(jobs.CREATE_PARTITIONS)
def create_partitions(work: Work, **_: Any) -> dict[str, Any]:
    """Make the months of the next quarter, so that no event falls into the default partition."""
    now = timezone.now()
    return {"created": ensure_partitions(since=now, until=now + MONTHS_AHEAD)}


@job_body(jobs.RESCUE_RUNS)
def rescue_runs(work: Work, **_: Any) -> dict[str, Any]:
    """Send runs again whose workers went silent."""
    return {"rescued": rescue_lost_runs(now=timezone.now())}
