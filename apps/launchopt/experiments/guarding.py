"""What an experiment must not harm: each of its guardrails, for the launch as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from launchopt.experiments.comparing import (
    ALL,
    TREATED,
    Pair,
    analysis_of,
    sample_ratio_of,
    side_of,
)
from launchopt.experiments.models import Experiment, Metric
from launchopt.experiments.outcomes import groups
from launchopt.experiments.results import conclusions, treated_of
from launchopt.experiments.selectors import control_of, phase_weights
from launchopt_core.inference import Code, guarded


def guardrails_of(experiment: Experiment, *, until: datetime | None = None) -> list[dict[str, Any]]:
    """Each registered guardrail: metric, limit, effect, relative interval, and in words whether it
    holds, is broken, or is unproven (non-inferiority)."""
    metrics = {
        metric.name: metric for metric in Metric.objects.filter(name__in=experiment.guardrails)
    }
    return [
        _guarded(experiment, metrics[name], limit, until=until)
        for name, limit in experiment.guardrails.items()
        if name in metrics
    ]


def with_guardrails(
    effect: Mapping[str, Any], guardrails: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """An effect whose verdict does not ship past a broken guardrail.

    One that is unproven is told beside it: with a tenth held out, few shops can prove one.
    """
    broken = [each for each in guardrails if each["code"] == Code.BREACHED]
    if not broken or effect.get("code") != Code.SHIP:
        return dict(effect)
    return dict(effect) | {
        "verdict": f"do not ship yet: {broken[0]['verdict']}",
        "code": Code.BREACHED.value,
    }


def _guarded(
    experiment: Experiment, metric: Metric, limit: float, *, until: datetime | None
) -> dict[str, Any]:
    control, weights = control_of(experiment).name, phase_weights(experiment)
    found = groups(experiment, metric=metric, until=until)
    pair = Pair(
        side_of(found, weights, {control}),
        side_of(found, weights, treated_of(experiment)),
        TREATED,
        metric.name,
    )
    analysis, ratio = analysis_of(experiment, [pair]), sample_ratio_of(found, weights)
    (told,) = guarded(
        conclusions(experiment, analysis, control=control, ratio=ratio, until=until),
        groups=[ALL],
        metrics=[metric.name],
        variants=[TREATED],
        reading=analysis.reading,
        limits={metric.name: limit},
    )
    (row,) = analysis.rows()
    return {
        "metric": metric.name,
        "definition": metric.definition,
        "limit": limit,
        "relative_effect": row["relative_effect"],
        "relative_interval": row["relative_interval"],
        "verdict": told.sentence,
        "code": told.code.value,
    }
