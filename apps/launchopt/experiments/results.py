"""What an experiment showed: each variant against the control, with interval and verdict."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from launchopt.experiments.comparing import (
    ALL,
    TREATED,
    Pair,
    analysis_of,
    noise_removed,
    sample_ratio_of,
    side_of,
)
from launchopt.experiments.models import Experiment
from launchopt.experiments.outcomes import Group, groups
from launchopt.experiments.selectors import control_of, phase_weights
from launchopt_core.inference import Analysis, Code, Conclusion, Method, SampleRatio, pairs

ALIKE = "alike, as they should be"
UNLIKE = "unlike where they should be alike: something is broken, or chance was unkind"

NOBODY_YET = {
    Experiment.CountsFrom.ASSIGNMENT: "too early: nobody has been assigned",
    Experiment.CountsFrom.EXPOSURE: "too early: nobody has been exposed",
}


def results(
    experiment: Experiment,
    *,
    until: datetime | None = None,
    found: Collection[Group] | None = None,
) -> dict[str, Any]:
    """The comparison of each variant with the control, as `GET experiments/{id}/results/` gives it.

    It is what `analyse_experiment --json` gives, plus `control` and, in each row, the interval
    that holds at every look; what cannot be computed is None. `found` spares reading the groups
    from the customers.
    """
    control, metric = control_of(experiment).name, experiment.primary_metric
    names = sorted(treated_of(experiment))
    weights = phase_weights(experiment)
    if found is None:
        found = groups(experiment, metric=metric, until=until)
    held = side_of(found, weights, {control})
    compared = [Pair(held, side_of(found, weights, {n}), n, metric.name) for n in names]
    analysis, ratio = analysis_of(experiment, compared), sample_ratio_of(found, weights)
    told = conclusions(experiment, analysis, control=control, ratio=ratio, until=until)
    words = [_of_aa(each) if experiment.is_aa else each.sentence for each in told]
    if not found:
        words = [NOBODY_YET[Experiment.CountsFrom(experiment.counts_from)]] * len(told)
    report = analysis.report(words, groups=[ALL], ratio=ratio)
    for row, interval in zip(report["results"], _always_valid(experiment, compared), strict=True):
        row["always_valid_interval"] = interval
    return report | {"control": control}


def launch_effect(
    experiment: Experiment,
    *,
    until: datetime | None = None,
    product_ids: Collection[int] | None = None,
) -> dict[str, Any]:
    """What the launch as a whole caused: all variants together against the control.

    `estimate` and `interval` have the metric's unit: purchases of the product per customer, or of
    `product_ids`, for what the launch did to them.
    """
    metric, control = experiment.primary_metric, control_of(experiment).name
    weights = phase_weights(experiment)
    found = groups(experiment, metric=metric, until=until, product_ids=product_ids)
    others = treated_of(experiment)
    pair = Pair(
        side_of(found, weights, {control}), side_of(found, weights, others), TREATED, metric.name
    )
    analysis, ratio = analysis_of(experiment, [pair]), sample_ratio_of(found, weights)
    (told,) = conclusions(experiment, analysis, control=control, ratio=ratio, until=until)
    (row,) = analysis.rows()
    (always,) = _always_valid(experiment, [pair])
    return {
        "estimate": row["effect"],
        "interval": row["interval"],
        "always_valid_interval": always,
        "verdict": told.sentence,
        "code": told.code.value,
        "metric": metric.name,
        "n": row["n"],
        "control_n": row["control_n"],
        "mean": row["mean"],
        "control_mean": row["control_mean"],
        "relative_effect": row["relative_effect"],
        "p_value": row["p_value"],
        "noise_removed": noise_removed(pair),
    }


def treated_of(experiment: Experiment) -> list[str]:
    """The variants that are not the control."""
    return [variant.name for variant in experiment.variants.all() if not variant.is_control]


def conclusions(
    experiment: Experiment,
    analysis: Analysis,
    *,
    control: str,
    ratio: SampleRatio,
    until: datetime | None,
) -> list[Conclusion]:
    """A verdict for each comparison; of an experiment that is over nobody is told to wait."""
    smallest = experiment.minimum_detectable_effect
    shape = analysis.reading.low.shape
    return analysis.conclusions(
        control=control,
        is_balanced=np.broadcast_to(ratio.ok, shape),
        margin=None if smallest is None else np.full(shape, smallest),
        days=_days_run(experiment, until),
        is_over=_is_over(experiment, until),
    )


def _always_valid(experiment: Experiment, compared: Sequence[Pair]) -> list[list[float] | None]:
    reading = analysis_of(experiment, compared, method=Method.SEQUENTIAL).reading
    return pairs(reading.low, reading.high)


def _of_aa(conclusion: Conclusion) -> str:
    """The verdict where all are treated alike: a difference is a fault of the experiment."""
    if conclusion.code in (Code.SHIP, Code.KEEP_CONTROL):
        return UNLIKE
    if conclusion.code in (Code.BROKEN, Code.TOO_EARLY):
        return conclusion.sentence
    return ALIKE


def _is_over(experiment: Experiment, until: datetime | None) -> bool:
    """Whether all that it will ever show is in: it has stopped, and nothing is cut off."""
    if experiment.status != Experiment.Status.STOPPED:
        return False
    return until is None or experiment.ends_at is None or until >= experiment.ends_at


def _days_run(experiment: Experiment, until: datetime | None) -> float | None:
    """How long it has run, where that is known; at most its whole length."""
    ends = [instant for instant in (until, experiment.ends_at) if instant is not None]
    if experiment.starts_at is None or not ends:
        return None
    days = (min(ends) - experiment.starts_at).total_seconds() / 86_400
    return days if days > 0 else None
