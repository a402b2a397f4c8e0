"""What came true at a cutoff, and how well a model had said it: measures with their resamples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from launchopt_core.bootstrap import Draws, percentile_interval
from launchopt_ml.metrics import Judged, calibration_gaps, judged_of

RANKED = ("auc", "lift_at_10", "lift_at_1", "map")
MEASURES = (*RANKED, "ndcg_at_10", "calibration_error", "relative_calibration_error")
Samples = dict[str, NDArray[np.float64]]  # each (resamples,)


@dataclass(frozen=True)
class Verdict:
    """One model at one cutoff, or its mean over several: figures, and what resampling gives."""

    values: dict[str, float]
    samples: Samples

    @classmethod
    def mean(cls, verdicts: Sequence[Verdict]) -> Verdict:
        """Cutoff by cutoff the same: launches of one are resampled apart from those of another."""
        first = verdicts[0]
        return cls(
            {name: float(np.mean([v.values[name] for v in verdicts])) for name in first.values},
            {name: np.mean([v.samples[name] for v in verdicts], axis=0) for name in first.samples},
        )

    def intervals(self) -> dict[str, list[float]]:
        """The middle 95 % of each measure."""
        return {name: _rounded(samples) for name, samples in self.samples.items()}

    def minus(self, other: Verdict) -> dict[str, dict[str, float | list[float]]]:
        """This less another, on the same resamples; `relative` is in shares of the other."""
        return {name: self._minus(other, name) for name in self.samples}

    def _minus(self, other: Verdict, name: str) -> dict[str, float | list[float]]:
        mine, theirs = self.samples[name], other.samples[name]
        base = other.values[name]
        estimate = self.values[name] - base
        found: dict[str, float | list[float]] = {
            "estimate": round(estimate, 6),
            "interval": _rounded(mine - theirs),
        }
        if base > 0:
            found["relative"] = round(estimate / base, 6)
            found["relative_interval"] = _rounded((mine - theirs) / np.maximum(theirs, 1e-12))
        return found


@dataclass(frozen=True)
class Outcome:
    """What came true: ranking is judged on some products, calibration on all."""

    bought: NDArray[np.bool_]  # (customers, products)
    ranked: NDArray[np.bool_]  # (products,)
    seed: int

    def verdict_on(self, score: NDArray[np.float32]) -> Verdict:
        """How well probabilities (customers, products) had said it."""
        rng = np.random.default_rng(self.seed)
        judged = judged_of(score[:, self.ranked], bought=self.bought[:, self.ranked], rng=rng)
        gaps = calibration_gaps(score, bought=self.bought)
        values = judged.ranking.as_dict() if judged else {}
        error = float(np.abs(gaps.sum(0)).sum())
        values |= {
            "calibration_error": error,
            "relative_calibration_error": error / max(self.base_rate, 1e-12),
            "predicted_buyers": float(score.sum(dtype=np.float64)),
            "actual_buyers": float(self.bought.sum()),
        }
        return Verdict(values, (self._ranks(judged) if judged else {}) | self._errors(gaps))

    @property
    def base_rate(self) -> float:
        """The share of all pairs of customer and new product that came to a purchase."""
        return float(self.bought.mean())

    def _ranks(self, judged: Judged) -> Samples:
        by_product = self._draws(len(judged.products)).means(judged.products)
        by_customer = self._draws(len(judged.customers)).means(judged.customers)
        return dict(zip(RANKED, by_product.T, strict=True)) | {"ndcg_at_10": by_customer[:, 0]}

    def _errors(self, gaps: NDArray[np.float64]) -> Samples:
        """Over the bins of the whole, which resampling leaves where they are."""
        draws = self._draws(len(gaps))
        error = np.abs(draws.means(gaps)).sum(1) * len(gaps)
        rate = draws.means(self.bought.mean(0, dtype=np.float64)[:, None])[:, 0]
        return {
            "calibration_error": error,
            "relative_calibration_error": error / np.maximum(rate, 1e-12),
        }

    def _draws(self, units: int) -> Draws:
        if units not in self._made:
            self._made[units] = Draws.of(units, rng=np.random.default_rng(self.seed + 1))
        return self._made[units]

    @cached_property
    def _made(self) -> dict[int, Draws]:
        """The same draws for every model, so that differences are paired."""
        return {}


def _rounded(samples: NDArray[np.float64]) -> list[float]:
    return [round(edge, 6) for edge in percentile_interval(samples)]
