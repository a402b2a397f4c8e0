"""Phases: stretches of an experiment under the same weights."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from launchopt.audiences.models import Audience
from launchopt.experiments.models import Experiment, Phase
from launchopt.operations.errors import InvalidInput
from launchopt_core.assignment import shares_of
from launchopt_core.errors import ImpossibleInput


def checked_weights(weights: Mapping[str, float], *, control: str) -> dict[str, float]:
    """The weights as shares that sum to 1. Raises InvalidInput where they compare nothing."""
    if len(weights) < 2:
        raise InvalidInput.at("/weights", "An experiment compares at least two variants.")
    if control not in weights:
        raise InvalidInput.at("/control", f"The control {control!r} is none of the variants.")
    try:
        shares = shares_of(weights)
    except ImpossibleInput as error:
        raise InvalidInput.at("/weights", str(error)) from error
    if control not in shares or len(shares) < 2:
        raise InvalidInput.at(
            "/weights", "The control and at least one other variant need a weight above 0."
        )
    return {name: shares.get(name, 0.0) for name in weights}


def open_phase(
    experiment: Experiment,
    *,
    weights: Mapping[str, float],
    reason: str,
    now: datetime,
    audience: Audience | None = None,
) -> Phase:
    """A new phase, in which new customers are drawn from now on."""
    last = experiment.phases.order_by("-number").values_list("number", flat=True).first()
    return Phase.objects.create(
        experiment=experiment,
        number=(last or 0) + 1,
        audience=audience,
        weights=dict(weights),
        reason=reason[:300],
        opened_at=now,
    )
