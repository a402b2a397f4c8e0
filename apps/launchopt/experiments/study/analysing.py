"""Cells of an experiment as results, sample ratios and verdicts, group by group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from launchopt.experiments.study.cells import KEYS, PARTS
from launchopt.operations.errors import InvalidInput
from launchopt_core.inference import (
    Analysis,
    Companion,
    Comparisons,
    Labels,
    Sample,
    SampleRatio,
    Terms,
    compare,
    guarded,
    outcome_of,
    sample_ratio,
)


@dataclass(frozen=True)
class Question:
    """What is asked of the cells."""

    control: str
    terms: Terms = field(default_factory=Terms)
    expected: Mapping[str, float] = field(default_factory=dict)  # equal weights where empty
    margin: float | None = None  # of the control's mean
    days: float | None = None  # that the experiment has run
    guardrails: Mapping[str, float] = field(default_factory=dict)  # metric -> share, -0.02 a fall


def analyse(cells: pl.DataFrame, question: Question) -> dict[str, Any]:
    """`results`, `sample_ratio` and `verdicts` of each group; None for what cannot be computed."""
    variants = _variants(cells, question.control)
    groups = cells["group"].unique(maintain_order=True)
    ratio = _sample_ratio(cells, groups, _weights(variants, question.expected))
    pairs = _pairs(cells, groups, question.control)
    analysis = Analysis.of(_comparisons(pairs), question.terms)
    words = _verdicts(analysis, ratio, question)
    return analysis.report(words, groups=groups.to_list(), ratio=ratio)


def _verdicts(analysis: Analysis, ratio: SampleRatio, question: Question) -> list[str]:
    labels = analysis.comparisons.labels
    base = np.abs(analysis.comparisons.difference.base)
    told = analysis.conclusions(
        control=question.control,
        is_balanced=ratio.ok[labels.family],
        margin=None if question.margin is None else question.margin * base,
        days=question.days,
    )
    if question.guardrails:
        told = guarded(
            told,
            groups=labels.group,
            metrics=labels.metric,
            variants=labels.variant,
            reading=analysis.reading,
            limits=question.guardrails,
        )
    return [conclusion.sentence for conclusion in told]


def _variants(cells: pl.DataFrame, control: str) -> list[str]:
    variants: list[str] = cells["variant"].unique().sort().to_list()
    if len(variants) < 2:
        raise InvalidInput(f"There is only one variant, {variants[0]!r}: a comparison needs two.")
    if control not in variants:
        raise InvalidInput(f"No unit is in the control {control!r}; there are {_list(variants)}.")
    return variants


def _weights(variants: list[str], expected: Mapping[str, float]) -> dict[str, float]:
    if not expected:
        return dict.fromkeys(variants, 1.0)
    missing = [name for name in variants if name not in expected]
    if missing:
        raise InvalidInput(f"--expected has no weight for {_list(missing)}; 0 means nobody.")
    return dict(expected)


def _sample_ratio(
    cells: pl.DataFrame, groups: pl.Series, weights: Mapping[str, float]
) -> SampleRatio:
    """Sizes are those of the metric that was counted on most units."""
    names = list(weights)
    sizes = cells.group_by(["group", "variant"]).agg(pl.col("count").max())
    row = _codes(sizes["group"], groups)
    column = _codes(sizes["variant"], pl.Series(names))
    counts = np.zeros((len(groups), len(names)))  # (groups, variants)
    counts[row, column] = sizes["count"].to_numpy()
    return sample_ratio(counts, list(weights.values()))


def _pairs(cells: pl.DataFrame, groups: pl.Series, control: str) -> pl.DataFrame:
    """Each cell beside its control's, whose columns begin with `control `; null where none is."""
    is_control = pl.col("variant") == control
    held = cells.filter(is_control).drop("variant", "kind")
    held = held.rename({name: f"control {name}" for name in held.columns if name not in KEYS})
    pairs = cells.filter(~is_control).join(
        held, on=["group", "metric"], how="left", maintain_order="left"
    )
    order = pl.DataFrame({"group": groups, "family": np.arange(len(groups))})
    metrics = cells["metric"].unique(maintain_order=True)
    ranks = pl.DataFrame({"metric": metrics, "rank": np.arange(len(metrics))})
    return pairs.join(order, on="group").join(ranks, on="metric").sort("family", "rank", "variant")


def _comparisons(pairs: pl.DataFrame) -> Comparisons:
    control, treatment = _sample(pairs, "control "), _sample(pairs, "")
    labels = Labels(
        group=pairs["group"].to_list(),
        metric=pairs["metric"].to_list(),
        variant=pairs["variant"].to_list(),
        family=pairs["family"].to_numpy(),
    )
    return Comparisons(
        labels=labels,
        control=outcome_of(control),
        treatment=outcome_of(treatment),
        difference=compare(control, treatment),
        events=control.events + treatment.events,
    )


def _sample(pairs: pl.DataFrame, prefix: str) -> Sample:
    def figure(name: str) -> np.ndarray:
        return pairs[prefix + name].cast(pl.Float64).fill_null(np.nan).to_numpy()

    def companion(what: str) -> Companion:
        return Companion(*(figure(f"{what}_{part}") for part in PARTS))

    return Sample(
        kind=pairs["kind"].to_numpy(),
        count=figure("count"),
        mean=figure("mean"),
        variance=figure("variance"),
        covariate=companion("covariate"),
        denominator=companion("denominator"),
        events=figure("events"),
    )


def _codes(values: pl.Series, known: pl.Series) -> np.ndarray:
    place = {name: number for number, name in enumerate(known.to_list())}
    return np.array([place[name] for name in values.to_list()], dtype=int)


def _list(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)
