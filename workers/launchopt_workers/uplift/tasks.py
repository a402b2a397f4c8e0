"""The job that learns uplift."""

from __future__ import annotations

from typing import Any

from launchopt import jobs
from launchopt.operations.runs import Work
from launchopt_workers.running import instant_of, job_body


@job_body(jobs.TRAIN_UPLIFT)
def train_uplift(work: Work, *, as_of: str | None = None, **_: Any) -> dict[str, Any]:
    """Nightly: what a contact adds, from the launches that were over before `as_of`, or now."""
    from launchopt_workers.uplift.learning import train

    return train(work, as_of=instant_of(work, as_of))
