"""What an experiment showed: each variant against the control, with interval and verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from launchopt.experiments.models import Experiment
from launchopt.experiments.selectors import Group, control_of, groups, phase_weights
from launchopt_core import inference
from launchopt_core.inference import (
    Analysis,
    Code,
    Comparisons,
    Conclusion,
    Labels,
    Method,
    Outcome,
    SampleRatio,
    Stratum,
    Terms,
)
from launchopt_core.moments import Moments

ALL = "all"  # the one group of a result that is not split
TREATED = "launch"  # every variant but the control, taken together
NEVER = np.array([1.0]), np.array([True])  # nobody is assigned yet: no fault

METHODS = {
    Experiment.StoppingRule.FIXED: Method.FIXED,
    Experiment.StoppingRule.SEQUENTIAL: Method.SEQUENTIAL,
}
ALIKE = "alike, as they should be"
UNLIKE = "unlike where they should be alike: something is broken, or chance was unkind"

Weights = Mapping[int, Mapping[str, float]]  # phase -> variant -> share


def results(experiment: Experiment, *, until: datetime | None = None) -> dict[str, Any]:
    """The comparison of each variant with the control, as `GET experiments/{id}/results/` gives it.

    It is what `analyse_experiment --json` gives, plus `control`; what cannot be computed is None.
    """
    control = control_of(experiment).name
    names = experiment.variants.exclude(name=control).values_list("name", flat=True)
    weights = phase_weights(experiment)
    found = groups(experiment, metric=experiment.primary_metric, until=until)
    ratio = sample_ratio_of(found, weights)
    sides = {name: {name} for name in names}
    analysis = _analysis(experiment, _strata_of(found, weights, {control}, sides))
    told = _conclusions(experiment, analysis, control=control, ratio=ratio, until=until)
    words = [_of_aa(each) if experiment.is_aa else each.sentence for each in told]
    return analysis.report(words, groups=[ALL], ratio=ratio) | {"control": control}


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
    others = set(experiment.variants.exclude(name=control).values_list("name", flat=True))
    analysis = _analysis(experiment, _strata_of(found, weights, {control}, {TREATED: others}))
    ratio = sample_ratio_of(found, weights)
    (told,) = _conclusions(experiment, analysis, control=control, ratio=ratio, until=until)
    (row,) = analysis.rows()
    return {
        "estimate": row["effect"],
        "interval": row["interval"],
        "verdict": told.sentence,
        "code": told.code.value,
        "metric": metric.name,
        "n": row["n"],
        "control_n": row["control_n"],
        "mean": row["mean"],
        "control_mean": row["control_mean"],
        "relative_effect": row["relative_effect"],
        "p_value": row["p_value"],
    }


def sample_ratio_of(found: Collection[Group], weights: Weights) -> SampleRatio:
    """Whether the variants have the sizes that the weights of their phases promised."""
    counts: dict[str, int] = defaultdict(int)
    expected: dict[str, float] = defaultdict(float)
    for group in found:
        counts[group.variant] += group.moments.count
        for variant, share in weights[group.phase].items():
            expected[variant] += group.moments.count * share
    if not found:
        return SampleRatio(*NEVER)
    names = sorted(counts.keys() | expected.keys())
    return inference.sample_ratio(
        [counts.get(name, 0) for name in names], [expected.get(name, 0.0) for name in names]
    )


_Side = tuple[list[Stratum], int]  # customers by phase, and how many of them did anything


def _strata_of(
    found: Collection[Group],
    weights: Weights,
    control: Collection[str],
    sides: Mapping[str, Collection[str]],
) -> tuple[_Side, dict[str, _Side]]:
    """The control's customers, and those of each side that is compared with it."""
    return _side(found, weights, control), {
        name: _side(found, weights, variants) for name, variants in sides.items()
    }


def _side(found: Collection[Group], weights: Weights, variants: Collection[str]) -> _Side:
    sums: dict[int, Moments] = defaultdict(lambda: Moments(0, 0, 0))
    active = 0
    for group in found:
        if group.variant in variants:
            sums[group.phase] += group.moments
            active += group.buyers
    shares = {phase: sum(weights[phase].get(name, 0.0) for name in variants) for phase in sums}
    drawn = (phase for phase in sorted(sums) if shares[phase] > 0)
    return [Stratum(sums[phase], round(shares[phase], 12)) for phase in drawn], active


def _analysis(experiment: Experiment, told: tuple[_Side, dict[str, _Side]]) -> Analysis:
    (held, idle), sides = told
    before = Outcome.stacked([inference.outcome_of_strata(held)] * len(sides))
    after = Outcome.stacked([inference.outcome_of_strata(strata) for strata, _ in sides.values()])
    comparisons = Comparisons(
        labels=_labels(experiment, list(sides)),
        control=before,
        treatment=after,
        difference=inference.difference_of(before, after),
        events=np.array([float(idle + active) for _, active in sides.values()]),
    )
    method = METHODS[Experiment.StoppingRule(experiment.stopping_rule)]
    return Analysis.of(comparisons, Terms(method=method, alpha=experiment.alpha))


def _labels(experiment: Experiment, names: Sequence[str]) -> Labels:
    metric = experiment.primary_metric.name
    return Labels(
        group=[ALL] * len(names),
        metric=[metric] * len(names),
        variant=names,
        family=np.zeros(len(names), dtype=int),
    )


def _conclusions(
    experiment: Experiment,
    analysis: Analysis,
    *,
    control: str,
    ratio: SampleRatio,
    until: datetime | None,
) -> list[Conclusion]:
    smallest = experiment.minimum_detectable_effect
    shape = analysis.reading.low.shape
    return analysis.conclusions(
        control=control,
        is_balanced=np.broadcast_to(ratio.ok, shape),
        margin=None if smallest is None else np.full(shape, smallest),
        days=_days_run(experiment, until),
    )


def _of_aa(conclusion: Conclusion) -> str:
    """The verdict where all are treated alike: a difference is a fault of the experiment."""
    if conclusion.code in (Code.SHIP, Code.KEEP_CONTROL):
        return UNLIKE
    if conclusion.code in (Code.BROKEN, Code.TOO_EARLY):
        return conclusion.sentence
    return ALIKE


def _days_run(experiment: Experiment, until: datetime | None) -> float | None:
    """How long it has run, where that is known; at most its whole length."""
    ends = [instant for instant in (until, experiment.ends_at) if instant is not None]
    if experiment.starts_at is None or not ends:
        return None
    days = (min(ends) - experiment.starts_at).total_seconds() / 86_400
    return days if days > 0 else None
