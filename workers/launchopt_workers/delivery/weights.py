"""What running launches learn: new weights by Thompson sampling, and whom to leave alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zlib import crc32

import numpy as np

from launchopt import jobs
from launchopt.campaigns.models import Launch
from launchopt.campaigns.services.learning import learn_audiences
from launchopt.experiments.models import Experiment
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
    opened, proposed, audiences = {}, [], {}
    for launch in launches.exclude(feedback=Launch.Feedback.OFF):
        experiment = launch.experiment
        assert experiment is not None, "the filter asks for one"
        rng = np.random.default_rng([crc32(experiment.salt.encode()), int(now.timestamp())])
        if spared := learn_audiences(launch=launch, now=now):
            audiences[str(launch.pk)] = spared
        if launch.feedback == Launch.Feedback.PROPOSE:
            if proposal := propose_weights(experiment=experiment, now=now, rng=rng):
                proposed.append(str(launch.pk))
                _leave_run(launch, f"Proposed: {proposal.reason}", proposal.weights, now=now)
            continue
        phase = learn_weights(experiment=experiment, now=now, rng=rng, by="Thompson sampling")
        if phase:
            opened[str(launch.pk)] = phase.number
            _leave_run(launch, phase.reason, phase.weights, now=now)
    return {"phases": opened, "proposed": proposed, "audiences": audiences}


def _leave_run(launch: Launch, reason: str, weights: dict[str, float], *, now: datetime) -> None:
    subject = f"launch:{launch.pk}"
    record_run(
        job=jobs.UPDATE_WEIGHTS, subject=subject, now=now, message=reason, result=dict(weights)
    )
