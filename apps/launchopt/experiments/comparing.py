"""Groups of customers as comparisons: strata by phase, with what they did beforehand taken out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from launchopt.experiments.models import Experiment
from launchopt.experiments.outcomes import Group
from launchopt_core import inference
from launchopt_core.inference import (
    Analysis,
    Comparisons,
    Correction,
    Labels,
    Method,
    Outcome,
    PairedStratum,
    SampleRatio,
    Terms,
    outcomes_of_pair,
)
from launchopt_core.moments import Moments, PairedMoments

ALL = "all"  # the one group of a result that is not split
TREATED = "launch"  # every variant but the control, taken together
NEVER = np.array([1.0]), np.array([True])  # nobody is assigned yet: no fault
NOBODY = PairedMoments(Moments(0, 0, 0), Moments(0, 0, 0), 0)

METHODS = {
    Experiment.StoppingRule.FIXED: Method.FIXED,
    Experiment.StoppingRule.SEQUENTIAL: Method.SEQUENTIAL,
}

Weights = Mapping[int, Mapping[str, float]]  # phase -> variant -> share


@dataclass(frozen=True)
class Side:
    """Customers by phase, and how many of them did anything."""

    strata: Sequence[PairedStratum]
    active: int


@dataclass(frozen=True)
class Pair:
    """A side against the control's, and what the comparison is about."""

    control: Side
    treatment: Side
    variant: str
    metric: str
    group: str = ALL


def side_of(found: Collection[Group], weights: Weights, variants: Collection[str]) -> Side:
    """The customers of some variants together, each phase with the share that they had in it."""
    sums: dict[int, PairedMoments] = defaultdict(lambda: NOBODY)
    active = 0
    for group in found:
        if group.variant in variants:
            sums[group.phase] += group.paired
            active += group.buyers
    shares = {phase: sum(weights[phase].get(name, 0.0) for name in variants) for phase in sums}
    drawn = (phase for phase in sorted(sums) if shares[phase] > 0)
    return Side([PairedStratum(sums[p], round(shares[p], 12)) for p in drawn], active)


def analysis_of(
    experiment: Experiment,
    pairs: Sequence[Pair],
    *,
    method: Method | None = None,
    correction: Correction = Correction.NONE,
    alpha: float | None = None,
) -> Analysis:
    """The comparisons as the experiment's stopping rule reads them, or as `method` does.

    At the experiment's own risk, where no other `alpha` is given.
    """
    rule = method or METHODS[Experiment.StoppingRule(experiment.stopping_rule)]
    terms = Terms(method=rule, alpha=alpha or experiment.alpha, correction=correction)
    return Analysis.of(_comparisons(pairs), terms)


def noise_removed(pair: Pair) -> float | None:
    """The share of the effect's variance that behaviour beforehand explains; None where unknown."""
    outcomes = outcomes_of_pair(pair.control.strata, pair.treatment.strata)
    plain = [
        inference.outcome_of_strata([stratum.less(0.0) for stratum in side.strata])
        for side in (pair.control, pair.treatment)
    ]
    left, whole = (
        float(inference.difference_of(*each).standard_error) for each in (outcomes, plain)
    )
    return 1 - (left / whole) ** 2 if whole > 0 else None


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


def _comparisons(pairs: Sequence[Pair]) -> Comparisons:
    outcomes = [outcomes_of_pair(pair.control.strata, pair.treatment.strata) for pair in pairs]
    before, after = (Outcome.stacked(side) for side in zip(*outcomes, strict=True))
    return Comparisons(
        labels=Labels(
            group=[pair.group for pair in pairs],
            metric=[pair.metric for pair in pairs],
            variant=[pair.variant for pair in pairs],
            family=np.zeros(len(pairs), dtype=int),
        ),
        control=before,
        treatment=after,
        difference=inference.difference_of(before, after),
        events=np.array([float(pair.control.active + pair.treatment.active) for pair in pairs]),
    )
