"""Whom a launch moved: its effect by persona, corrected for how many personas there are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from scipy import stats

from launchopt.experiments.comparing import (
    TREATED,
    Pair,
    Weights,
    analysis_of,
    sample_ratio_of,
    side_of,
)
from launchopt.experiments.models import Experiment
from launchopt.experiments.results import conclusions, treated_of
from launchopt.experiments.selectors import Group, control_of, groups, phase_weights
from launchopt_core.inference import Analysis, Correction

FEWEST = 20  # customers of each side: smaller personas are taken together
REST = "all others"
UNKNOWN = "persona not known"


def effects_by_persona(
    experiment: Experiment, *, until: datetime | None = None
) -> dict[str, Any] | None:
    """`results` by persona, largest first, and `differ`: whether their effects do, beyond chance.

    Personas are those that customers had when they came in. P-values are corrected by Holm over the
    personas; a verdict needs the corrected one. None where there is only one persona to tell of.
    """
    metric, control = experiment.primary_metric, control_of(experiment).name
    weights = phase_weights(experiment)
    found = groups(experiment, metric=metric, until=until, by_persona=True)
    pairs = _pairs(experiment, found, weights, control=control)
    if len(pairs) < 2:
        return None
    analysis = analysis_of(experiment, pairs, correction=Correction.HOLM)
    ratio = sample_ratio_of(found, weights)
    told = conclusions(experiment, analysis, control=control, ratio=ratio, until=until)
    rows = [
        row | {"persona": row["group"], "verdict": each.sentence, "code": each.code.value}
        for row, each in zip(analysis.rows(), told, strict=True)
    ]
    return {"results": rows, "differ": differ(analysis)}


def differ(analysis: Analysis) -> dict[str, Any]:
    """Cochran's Q (1954): whether effects differ by more than chance. None where nothing is told.

    `p_value` is small where some persona gained more than another.
    """
    difference = analysis.comparisons.difference
    known = np.isfinite(difference.standard_error)
    if known.sum() < 2:
        return {"p_value": None, "personas": int(known.sum())}
    effect, weight = difference.estimate[known], 1 / difference.standard_error[known] ** 2
    mean = (weight * effect).sum() / weight.sum()
    statistic = float((weight * (effect - mean) ** 2).sum())
    return {
        "p_value": float(stats.chi2.sf(statistic, int(known.sum()) - 1)),
        "personas": int(known.sum()),
    }


def _pairs(
    experiment: Experiment, found: list[Group], weights: Weights, *, control: str
) -> list[Pair]:
    """Each persona's customers against those of it who were left alone, the largest first."""
    treated, metric = treated_of(experiment), experiment.primary_metric.name
    names = {group.persona for group in found}
    parts = {name: [group for group in found if group.persona == name] for name in names}
    large = {name for name in names if name and _is_large(parts[name], treated, control)}
    together = {name: parts[name] for name in large}
    rest = [group for group in found if group.persona and group.persona not in large]
    together |= {REST: rest, UNKNOWN: parts.get("", [])}
    return [
        Pair(
            side_of(some, weights, {control}),
            side_of(some, weights, treated),
            TREATED,
            metric,
            group=name,
        )
        for name, some in sorted(together.items(), key=lambda each: (-_size(each[1]), each[0]))
        if _is_large(some, treated, control)
    ]


def _is_large(found: list[Group], treated: set[str], control: str) -> bool:
    ours = sum(group.moments.count for group in found if group.variant in treated)
    theirs = sum(group.moments.count for group in found if group.variant == control)
    return min(ours, theirs) >= FEWEST


def _size(found: list[Group]) -> int:
    return sum(group.moments.count for group in found)
