"""The nightly look at the interest model in service."""

from __future__ import annotations

from typing import Any

from launchopt import jobs
from launchopt.operations.runs import Work
from launchopt_workers.running import instant_of, job_body
from launchopt_workers.watching import drift


@job_body(jobs.WATCH_DRIFT)
def watch_drift(work: Work, *, as_of: str | None = None, **_: Any) -> dict[str, Any]:
    """Hold recent scores and purchases against what the model was trained on."""
    return drift.watch(now=instant_of(work, as_of))
