"""How well predicted uplift ranks customers: the Qini curve and the effect among the best.

Radcliffe (2007), Using control groups to target on predicted lift, Direct Marketing Analytics
Journal. Intervals by resampling customers (bootstrap; the same draws for every learner).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from launchopt_ml.uplift.trial import Floats, Trial

RESAMPLES = 400
DEPTHS = (0.1, 0.3)
TAILS = (2.5, 97.5)
Interval = tuple[float, float]


@dataclass(frozen=True)
class Judgement:
    """Of one learner: Qini, and the effect among the tenth and the three tenths ranked best."""

    qini: float
    qini_interval: Interval
    at: dict[float, float]  # share of customers -> effect among them
    at_interval: dict[float, Interval]
    resampled: Floats  # (resamples,), Qini of each; the same customers for every learner

    def as_dict(self) -> dict[str, Any]:
        """As a report tells it."""
        told: dict[str, Any] = {"qini": self.qini, "qini_interval": list(self.qini_interval)}
        for depth in DEPTHS:
            name = f"uplift_at_{depth:.0%}".rstrip("%")
            told |= {name: self.at[depth], f"{name}_interval": list(self.at_interval[depth])}
        return told


def qini(trial: Trial, uplift: Floats) -> float:
    """The area between the Qini curve and that of a random order, in outcomes per customer.

    The curve is, for each share of customers taken best first, the outcomes caused among them per
    customer of the whole trial. Customers with equal uplift are taken together.

    >>> treated, bought = np.tile([True, False], 4), np.array([1.0, 0, 1, 0, 0, 0, 0, 0])
    >>> trial = Trial(np.zeros((8, 0)), (), treated, bought)
    >>> qini(trial, np.array([2.0] * 4 + [1.0] * 4))
    0.125
    """
    ranked = _Ranked(trial, uplift)
    return float(ranked.qini(np.ones((1, len(trial))))[0])


def judged(trial: Trial, uplifts: dict[str, Floats], *, seed: int) -> dict[str, Judgement]:
    """Every learner's ranking, with intervals that share their draws."""
    rng = np.random.default_rng(seed)
    ranked = {name: _Ranked(trial, uplift) for name, uplift in uplifts.items()}
    drawn = {name: np.empty((RESAMPLES, 1 + len(DEPTHS))) for name in uplifts}
    for number in range(RESAMPLES):
        times = rng.poisson(1.0, (1, len(trial))).astype(float)
        for name, ranking in ranked.items():
            drawn[name][number] = ranking.figures(times)
    whole = np.ones((1, len(trial)))
    return {
        name: _judgement(ranking.figures(whole), drawn[name]) for name, ranking in ranked.items()
    }


def _judgement(figures: Floats, drawn: Floats) -> Judgement:
    low, high = np.percentile(drawn, TAILS, axis=0)
    limits = [(float(a), float(b)) for a, b in zip(low, high, strict=True)]
    return Judgement(
        qini=float(figures[0]),
        qini_interval=limits[0],
        at={depth: float(value) for depth, value in zip(DEPTHS, figures[1:], strict=True)},
        at_interval=dict(zip(DEPTHS, limits[1:], strict=True)),
        resampled=drawn[:, 0],
    )


class _Ranked:
    """Customers in the order of their predicted uplift, best first."""

    def __init__(self, trial: Trial, uplift: Floats) -> None:
        order = np.argsort(-uplift, kind="stable")
        last = np.append(np.diff(uplift[order]) != 0, True)  # of each run of equals
        self.order, self.ends = order, last.nonzero()[0]
        treated = trial.treated[order]
        outcome = trial.outcome[order]
        self.figures_by_row = trial.weights[order] * np.stack(
            [treated, ~treated, outcome * treated, outcome * ~treated]
        )  # (4, customers): treated, held, and their outcomes

    def qini(self, times: Floats) -> Floats:
        """The area for customers drawn so many times, (resamples, customers) -> (resamples,)."""
        return np.array([self._area(self._sums(row)) for row in times])

    def figures(self, times: Floats) -> Floats:
        """Qini, then the effect at each depth: (1 + depths,)."""
        sums = self._sums(times[0])
        return np.array([self._area(sums), *(self._effect_at(sums, depth) for depth in DEPTHS)])

    def _sums(self, times: Floats) -> Floats:
        """(4, runs), sums over everybody up to the end of each run of equals."""
        sums: Floats = (self.figures_by_row * times[self.order]).cumsum(axis=1)[:, self.ends]
        return sums

    def _area(self, sums: Floats) -> float:
        treated, held, gained, missed = sums
        share = np.concatenate([[0.0], (treated + held) / (treated[-1] + held[-1])])
        caused = np.concatenate([[0.0], _effect(treated, held, gained, missed)]) * share
        return float(np.trapezoid(caused, share) - caused[-1] / 2)

    def _effect_at(self, sums: Floats, depth: float) -> float:
        """The effect among the best; a run of equals that the depth cuts is taken in part."""
        people = sums[0] + sums[1]
        at = [np.interp(depth * people[-1], np.append(0, people), np.append(0, s)) for s in sums]
        return float(_effect(*(np.array([figure]) for figure in at))[0])


def _effect(treated: Floats, held: Floats, gained: Floats, missed: Floats) -> Floats:
    """The difference of the means; 0 where one of the arms has nobody yet."""
    is_told = (treated > 0) & (held > 0)
    ours = np.divide(gained, treated, out=np.zeros(treated.shape), where=is_told)
    theirs = np.divide(missed, held, out=np.zeros(held.shape), where=is_told)
    return np.asarray(ours - theirs, dtype=np.float64)
