"""What running launches learn: new weights by Thompson sampling, and whom to leave alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zlib import crc32

import numpy as np

from launchopt import jobs
from launchopt.campaigns.models import Launch
from launchopt.campaigns.services.learning import learn_audiences, spoken_to
from launchopt.experiments.models import Experiment, Phase, Proposal
from launchopt.experiments.services import learn_weights, propose_weights
from launchopt.operations.runs import record_run


def update(*, now: datetime, simulated: bool) -> dict[str, Any]:
    """Open a phase, or propose one, where an experiment has learned, as each launch allows.

    The same instant gives the same draw.
    """
    launches = Launch.objects.filter(
        status=Launch.Status.RUNNING,
        is_simulated=simulated,
        started_at__lt=now,
        experiment__status=Experiment.Status.RUNNING,
    ).select_related("experiment")
    opened: dict[str, list[int]] = {}
    proposed: dict[str, int] = {}
    spared: dict[str, list[str]] = {}
    for launch in launches.exclude(feedback=Launch.Feedback.OFF):
        key = str(launch.pk)
        if harmed := learn_audiences(launch=launch, now=now):
            spared[key] = harmed
        changes = _learned(launch, now=now)
        if changes and launch.feedback == Launch.Feedback.PROPOSE:
            proposed[key] = len(changes)
        elif changes:
            opened[key] = [phase.number for phase in changes if isinstance(phase, Phase)]
    return {"phases": opened, "proposed": proposed, "audiences": spared}


def _learned(launch: Launch, *, now: datetime) -> Sequence[Phase | Proposal]:
    """The phases that were opened, or proposed, each with its run."""
    experiment = launch.experiment
    assert experiment is not None, "the filter asks for one"
    rng = np.random.default_rng([crc32(experiment.salt.encode()), int(now.timestamp())])
    terms: dict[str, Any] = {"experiment": experiment, "now": now, "rng": rng}
    terms["audiences"] = spoken_to(launch)
    if launch.feedback == Launch.Feedback.PROPOSE:
        changes: Sequence[Phase | Proposal] = propose_weights(**terms)
    else:
        changes = learn_weights(**terms, by="Thompson sampling")
    for change in changes:
        _leave_run(launch, change, now=now)
    return changes


def _leave_run(launch: Launch, change: Phase | Proposal, *, now: datetime) -> None:
    told = "Proposed: " if isinstance(change, Proposal) else ""
    whose = f"{change.audience.name}: " if change.audience else ""
    record_run(
        job=jobs.UPDATE_WEIGHTS,
        subject=f"launch:{launch.pk}",
        now=now,
        message=f"{told}{whose}{change.reason}",
        result=dict(change.weights),
    )
