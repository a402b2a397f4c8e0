"""New weights for the experiments of running launches, by Thompson sampling."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zlib import crc32

import numpy as np

from launchopt.campaigns.models import Launch
from launchopt.experiments.models import Experiment
from launchopt.experiments.services import learn_weights, propose_weights


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
    opened, proposed = {}, []
    for launch in launches.exclude(feedback=Launch.Feedback.OFF):
        experiment = launch.experiment
        assert experiment is not None, "the filter asks for one"
        rng = np.random.default_rng([crc32(experiment.salt.encode()), int(now.timestamp())])
        if launch.feedback == Launch.Feedback.PROPOSE:
            if propose_weights(experiment=experiment, now=now, rng=rng):
                proposed.append(str(launch.pk))
            continue
        phase = learn_weights(experiment=experiment, now=now, rng=rng, by="Thompson sampling")
        if phase:
            opened[str(launch.pk)] = phase.number
    return {"phases": opened, "proposed": proposed}
