"""Where an effect lies: by persona, audience and hour of the day, corrected for how many."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from scipy import stats

from launchopt.experiments.comparing import (
    TREATED,
    Pair,
    Side,
    analysis_of,
    sample_ratio_of,
    side_of,
)
from launchopt.experiments.models import Experiment
from launchopt.experiments.outcomes import Group, groups, groups_by_hour
from launchopt.experiments.results import conclusions, treated_of
from launchopt.experiments.selectors import control_of, phase_weights
from launchopt_core.inference import FEWEST_EVENTS, Analysis, Correction, Method

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
    found = groups(experiment, metric=experiment.primary_metric, until=until, by_persona=True)
    analysis, rows = _effects(experiment, _gathered(experiment, found), until=until)
    if len(rows) < 2:
        return None
    told = [row | {"persona": row["group"]} for row in rows]
    return {"results": told, "differ": differ(analysis)}


def effects_by_audience(
    experiment: Experiment, *, audiences: Collection[UUID], until: datetime | None = None
) -> list[dict[str, Any]]:
    """The same of each audience, by its id, at whatever time: the interval holds at every look."""
    metric = experiment.primary_metric
    found = groups(experiment, metric=metric, until=until, audiences=audiences)
    parts = {str(key): [group for group in found if group.part == str(key)] for key in audiences}
    _, rows = _effects(experiment, parts, until=until, method=Method.SEQUENTIAL)
    return rows


def effects_by_hour(
    experiment: Experiment, *, zone: str, until: datetime | None = None
) -> list[dict[str, Any]]:
    """The effect on outcomes of each hour of the day, on the clock of `zone`: 24 rows.

    They add up to the effect of the whole day, as everybody counts in each hour. An hour is judged
    once ten customers did anything in it, whichever side they are on. The intervals of all hours
    judged hold together (Bonferroni), and their p-values are corrected by Holm.
    """
    found = groups_by_hour(experiment, zone=zone, until=until)
    pairs = _pairs(experiment, {str(hour): some for hour, some in found.items()})
    buyers = [pair.control.active + pair.treatment.active for pair in pairs]
    judged = [pair for pair, count in zip(pairs, buyers, strict=True) if count >= FEWEST_EVENTS]
    plain = analysis_of(experiment, pairs).rows()
    told = {row["group"]: row for row in _together(experiment, judged)}
    shown = ("interval", "p_value", "adjusted_p_value")
    return [
        {
            **{name: row[name] for name in ("n", "control_n", "mean", "control_mean", "effect")},
            **{name: told.get(row["group"], {}).get(name) for name in shown},
            "hour": int(row["group"]),
            "buyers": count,
        }
        for row, count in zip(plain, buyers, strict=True)
    ]


def _together(experiment: Experiment, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """Comparisons whose intervals hold all at once."""
    if not pairs:
        return []
    alpha = experiment.alpha / len(pairs)
    return analysis_of(experiment, pairs, correction=Correction.HOLM, alpha=alpha).rows()


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


def _effects(
    experiment: Experiment,
    parts: Mapping[str, list[Group]],
    *,
    until: datetime | None,
    method: Method | None = None,
) -> tuple[Analysis, list[dict[str, Any]]]:
    """Each part's customers against those of it who were left alone, the largest first."""
    control, treated = control_of(experiment).name, treated_of(experiment)
    ordered = sorted(parts.items(), key=lambda each: (-_size(each[1]), each[0]))
    large = {name: some for name, some in ordered if _is_large(some, treated, control)}
    pairs = _pairs(experiment, large)
    if not pairs:
        pairs = [Pair(Side([], 0), Side([], 0), TREATED, experiment.primary_metric.name)]
    analysis = analysis_of(experiment, pairs, method=method, correction=Correction.HOLM)
    everybody = [group for some in parts.values() for group in some]
    ratio = sample_ratio_of(everybody, phase_weights(experiment))
    told = conclusions(experiment, analysis, control=control, ratio=ratio, until=until)
    rows = [
        row | {"verdict": each.sentence, "code": each.code.value}
        for row, each in zip(analysis.rows(), told, strict=True)
        if row["group"] in parts
    ]
    return analysis, rows


def _pairs(experiment: Experiment, parts: Mapping[str, Collection[Group]]) -> list[Pair]:
    """Of each part all who were treated against the control."""
    control, treated = {control_of(experiment).name}, treated_of(experiment)
    weights, metric = phase_weights(experiment), experiment.primary_metric.name
    return [
        Pair(
            side_of(some, weights, control),
            side_of(some, weights, treated),
            TREATED,
            metric,
            group=name,
        )
        for name, some in parts.items()
    ]


def _gathered(experiment: Experiment, found: list[Group]) -> dict[str, list[Group]]:
    """Customers by persona; small ones taken together, and those of whom none is known."""
    treated, control = treated_of(experiment), control_of(experiment).name
    names = {group.part for group in found}
    parts = {name: [group for group in found if group.part == name] for name in names}
    large = {name for name in names if name and _is_large(parts[name], treated, control)}
    rest = [group for group in found if group.part and group.part not in large]
    return {name: parts[name] for name in large} | {REST: rest, UNKNOWN: parts.get("", [])}


def _is_large(found: list[Group], treated: Collection[str], control: str) -> bool:
    ours = sum(group.moments.count for group in found if group.variant in treated)
    theirs = sum(group.moments.count for group in found if group.variant == control)
    return min(ours, theirs) >= FEWEST


def _size(found: list[Group]) -> int:
    return sum(group.moments.count for group in found)
