"""What an experiment showed: each variant against the control, with interval and verdict."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Any

from launchopt.experiments.models import Experiment, Metric
from launchopt.experiments.selectors import Group, control_of, groups, phase_weights
from launchopt_core import inference
from launchopt_core.errors import TooFewObservations
from launchopt_core.inference import Conclusion, Difference, SampleRatio, Stratum, or_none
from launchopt_core.moments import Moments

ALL = "all"  # the one group of a result that is not split
TREATED = "launch"  # every variant but the control, taken together

Weights = Mapping[int, Mapping[str, float]]  # phase -> variant -> share


def results(experiment: Experiment, *, until: datetime | None = None) -> dict[str, Any]:
    """The comparison of each variant with the control, as `GET experiments/{id}/results/` gives it.

    `results`, `sample_ratio` and `verdicts` are lists over groups (here `all`); what cannot be
    computed is None.
    """
    metric, control = experiment.primary_metric, control_of(experiment).name
    weights, found = phase_weights(experiment), groups(experiment, metric=metric, until=until)
    ratio = sample_ratio_of(found, weights)
    names = experiment.variants.exclude(name=control).values_list("name", flat=True)
    compared = {
        name: _comparison(found, weights, control, {name}, experiment.alpha) for name in names
    }
    return {
        "results": [_row(metric, name, comparison) for name, comparison in compared.items()],
        "sample_ratio": [{"group": ALL, "p_value": ratio.p_value, "ok": ratio.ok}],
        "verdicts": [
            {
                "group": ALL,
                "metric": metric.name,
                "variant": name,
                "verdict": comparison.verdict(name, control, ratio).sentence,
            }
            for name, comparison in compared.items()
        ],
        "control": control,
    }


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
    comparison = _comparison(found, weights, control, others, experiment.alpha)
    conclusion = comparison.verdict(TREATED, control, sample_ratio_of(found, weights))
    row = _row(metric, TREATED, comparison)
    return {
        "estimate": row["effect"],
        "interval": row["interval"],
        "verdict": conclusion.sentence,
        "code": conclusion.code.value,
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
    return inference.sample_ratio(counts, expected) if found else SampleRatio(1.0, True)


@dataclass(frozen=True)
class _Comparison:
    control: Moments
    treatment: Moments
    difference: Difference | None
    alpha: float

    def verdict(self, name: str, control: str, ratio: SampleRatio) -> Conclusion:
        return inference.verdict(
            self.control,
            self.treatment,
            variant=name,
            control_name=control,
            ratio=ratio,
            difference=self.difference,
            alpha=self.alpha,
        )


def _comparison(
    found: Collection[Group],
    weights: Weights,
    control: str,
    variants: Collection[str],
    alpha: float,
) -> _Comparison:
    """The customers of some variants, together, against the control's."""
    before, after = _strata(found, weights, {control}), _strata(found, weights, variants)
    try:
        difference = inference.compare_strata(before, after)
    except TooFewObservations:
        difference = None
    return _Comparison(_total(before), _total(after), difference, alpha)


def _strata(found: Collection[Group], weights: Weights, variants: Collection[str]) -> list[Stratum]:
    """Customers of these variants by phase, with the share of it that was theirs."""
    sums: dict[int, Moments] = defaultdict(lambda: Moments(0, 0, 0))
    for group in found:
        if group.variant in variants:
            sums[group.phase] += group.moments
    shares = {phase: sum(weights[phase].get(name, 0.0) for name in variants) for phase in sums}
    drawn = (phase for phase in sorted(sums) if shares[phase] > 0)
    return [Stratum(sums[phase], round(shares[phase], 12)) for phase in drawn]


def _total(group: Collection[Stratum]) -> Moments:
    return sum((stratum.moments for stratum in group), Moments(0, 0, 0))


def _row(metric: Metric, variant: str, comparison: _Comparison) -> dict[str, Any]:
    control, treatment, difference = (
        comparison.control,
        comparison.treatment,
        comparison.difference,
    )
    base = control.mean if control.count else None
    row: dict[str, Any] = {
        "group": ALL,
        "metric": metric.name,
        "variant": variant,
        "n": treatment.count,
        "control_n": control.count,
        "mean": treatment.mean if treatment.count else None,
        "control_mean": base,
    }
    return row | _difference_fields(difference, base, comparison)


def _difference_fields(
    difference: Difference | None, base: float | None, comparison: _Comparison
) -> dict[str, Any]:
    if difference is None:
        names = ("effect", "relative_effect", "standard_error", "interval", "relative_interval")
        return dict.fromkeys([*names, "p_value", "chance_to_win", "expected_loss"])
    relative = inference.relative_interval(
        comparison.control, comparison.treatment, comparison.alpha
    )
    return {
        "effect": or_none(difference.estimate),
        "relative_effect": difference.estimate / base if base else None,
        "standard_error": or_none(difference.standard_error),
        "interval": _finite(difference.interval(comparison.alpha)),
        "relative_interval": _finite(relative),
        "p_value": or_none(difference.p_value),
        "chance_to_win": or_none(difference.chance_to_win),
        "expected_loss": or_none(difference.expected_loss),
    }


def _finite(interval: tuple[float, float] | None) -> list[float] | None:
    return list(interval) if interval and max(map(abs, interval)) < inf else None
