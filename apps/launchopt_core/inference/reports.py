"""The analysis of an experiment as rows for JSON, which has no NaN and no infinity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from launchopt_core.inference.corrections import Correction, adjusted
from launchopt_core.inference.differences import Difference, Outcome
from launchopt_core.inference.methods import Reading, Terms, read
from launchopt_core.inference.sample_ratio import SampleRatio
from launchopt_core.inference.samples import Bools, Floats
from launchopt_core.inference.verdicts import MARGIN, Conclusion, Evidence, verdicts


@dataclass(frozen=True)
class Labels:
    """What each comparison is about; `family` numbers the group that it belongs to."""

    group: Sequence[str]
    metric: Sequence[str]
    variant: Sequence[str]
    family: NDArray[np.integer]


@dataclass(frozen=True)
class Comparisons:
    """Variants against their controls, in a row; arrays of one shape."""

    labels: Labels
    control: Outcome
    treatment: Outcome
    difference: Difference
    events: Floats  # units of both groups that did anything; NaN where nobody counted


@dataclass(frozen=True)
class Analysis:
    """Comparisons as one method reads them."""

    comparisons: Comparisons
    terms: Terms
    reading: Reading
    adjusted_p_value: Floats

    @classmethod
    def of(cls, comparisons: Comparisons, terms: Terms) -> Analysis:
        """Read the comparisons, and correct for how many there are in each group."""
        reading = read(comparisons.difference, terms)
        corrected = adjusted(reading.p_value, comparisons.labels.family, terms.correction)
        return cls(comparisons, terms, reading, corrected)

    @property
    def is_conclusive(self) -> Bools:
        """Whether the interval leaves zero out, and the corrected p-value agrees."""
        if self.terms.correction is Correction.NONE:
            return self.reading.is_conclusive
        return self.reading.is_conclusive & (self.adjusted_p_value < self.terms.alpha)

    def conclusions(
        self,
        *,
        control: str,
        is_balanced: Bools,
        margin: Floats | None = None,
        days: float | None = None,
        is_over: bool = False,
    ) -> list[Conclusion]:
        """A verdict for each; the `margin` is absolute, by default 2 % of the control's mean."""
        given = self.comparisons
        smallest = MARGIN * np.abs(given.difference.base) if margin is None else margin
        evidence = Evidence(
            control=given.control,
            treatment=given.treatment,
            events=given.events,
            difference=given.difference,
            reading=self.reading,
            is_conclusive=self.is_conclusive,
            is_balanced=is_balanced,
            margin=smallest,
        )
        names = given.labels.variant
        return verdicts(evidence, names=names, control=control, days=days, is_over=is_over)

    def report(
        self, verdicts: Sequence[str], *, groups: Sequence[str], ratio: SampleRatio
    ) -> dict[str, Any]:
        """`results`, and `verdicts` in words, by comparison; `sample_ratio` by group."""
        labels = self.comparisons.labels
        sizes = zip(groups, ratio.p_value.tolist(), ratio.ok.tolist(), strict=True)
        told = zip(labels.group, labels.metric, labels.variant, verdicts, strict=True)
        return {
            "results": self.rows(),
            "sample_ratio": [
                {"group": group, "p_value": p_value, "ok": ok} for group, p_value, ok in sizes
            ],
            "verdicts": [
                {"group": group, "metric": metric, "variant": variant, "verdict": verdict}
                for group, metric, variant, verdict in told
            ],
        }

    def rows(self) -> list[dict[str, Any]]:
        """A mapping for each comparison; None for what cannot be computed."""
        columns = self._columns()
        names = list(columns)
        return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def _columns(self) -> dict[str, Sequence[Any]]:
        given, reading = self.comparisons, self.reading
        difference, labels = given.difference, given.labels
        columns: dict[str, Sequence[Any]] = {
            "group": labels.group,
            "metric": labels.metric,
            "variant": labels.variant,
            "n": _whole(given.treatment.count),
            "control_n": _whole(given.control.count),
            "mean": or_none(given.treatment.plain_mean),
            "control_mean": or_none(given.control.plain_mean),
            "effect": or_none(difference.estimate),
            "relative_effect": or_none(difference.relative_estimate),
            "standard_error": or_none(difference.standard_error),
            "interval": pairs(reading.low, reading.high),
            "relative_interval": pairs(reading.relative_low, reading.relative_high),
            "p_value": or_none(reading.p_value),
        }
        if self.terms.correction is not Correction.NONE:
            columns["adjusted_p_value"] = or_none(self.adjusted_p_value)
        columns["chance_to_win"] = or_none(reading.chance_to_win)
        columns["expected_loss"] = or_none(reading.expected_loss)
        return columns


def or_none(values: Floats) -> list[float | None]:
    """Numbers for JSON.

    >>> or_none(np.array([np.inf, 0.5]))
    [None, 0.5]
    """
    boxed = values.astype(object)
    boxed[~np.isfinite(values)] = None
    whole: list[float | None] = boxed.tolist()
    return whole


def pairs(low: Floats, high: Floats) -> list[list[float] | None]:
    """Intervals for JSON; None where one of the limits is none."""
    is_told = np.isfinite(low) & np.isfinite(high)
    both = np.stack([low, high], axis=-1).tolist()
    return [pair if told else None for pair, told in zip(both, is_told.tolist(), strict=True)]


def _whole(counts: Floats) -> list[int]:
    whole: list[int] = np.nan_to_num(counts).astype(np.int64).tolist()
    return whole
