"""A search of parameters, one trial after another, each proposed from all that were tried.

Tree-structured Parzen estimators propose (Bergstra and others, 2011); a trial that is below the
median of the others so far is given up. Nothing is kept between calls but what was tried, so that
a search which was interrupted goes on as if it had not been.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

Parameters = Mapping[str, float]
Measure = Callable[[Parameters, int], float]
GUIDED_AFTER = 6  # trials by chance before proposals learn from them
PRUNED_AFTER = 4  # whole trials before one may be given up


class NothingTried(ValueError):
    """No trial was measured to its end."""


@dataclass(frozen=True)
class Range:
    """Where a parameter may lie, both ends included."""

    low: float
    high: float
    is_log: bool = False
    is_whole: bool = False

    @property
    def distribution(self) -> BaseDistribution:
        """As optuna names it."""
        if self.is_whole:
            return IntDistribution(int(self.low), int(self.high), log=self.is_log)
        return FloatDistribution(self.low, self.high, log=self.is_log)


Space = Mapping[str, Range]


@dataclass(frozen=True)
class Tried:
    """One trial: its parameters, what was measured at each step, and whether it was given up."""

    number: int
    parameters: dict[str, float]
    measured: list[float]
    is_pruned: bool = False

    @property
    def value(self) -> float:
        """The mean over its steps."""
        return math.fsum(self.measured) / len(self.measured)

    def as_dict(self) -> dict[str, Any]:
        """As it is told to people."""
        return {
            "number": self.number,
            "parameters": self.parameters,
            "value": None if self.is_pruned else round(self.value, 6),
            "state": "given up" if self.is_pruned else "complete",
        }


def try_next(
    tried: Sequence[Tried],
    *,
    space: Space,
    usual: Parameters,
    measure: Measure,
    steps: int,
    seed: int,
) -> Tried:
    """Propose the next parameters and measure them step by step; more is better.

    The first trial is what is usual, so that the best is never worse than that.
    """
    study = _study(tried, space=space, seed=seed)
    if not tried:
        study.enqueue_trial({name: usual[name] for name in space})
    trial = study.ask({name: limits.distribution for name, limits in space.items()})
    measured: list[float] = []
    for step in range(steps):
        measured.append(measure(trial.params, step))
        trial.report(math.fsum(measured) / len(measured), step)
        if step + 1 < steps and trial.should_prune():
            return Tried(len(tried), trial.params, measured, is_pruned=True)
    return Tried(len(tried), trial.params, measured)


def best_of(tried: Sequence[Tried]) -> Tried:
    """The best of those measured to the end, the first of equals. Raises NothingTried."""
    whole = [one for one in tried if not one.is_pruned]
    if not whole:
        raise NothingTried("No trial was measured to its end.")
    return max(whole, key=lambda one: one.value)


def _study(tried: Sequence[Tried], *, space: Space, seed: int) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(n_startup_trials=GUIDED_AFTER, seed=seed + len(tried)),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=PRUNED_AFTER),
    )
    study.add_trials([_as_trial(one, space) for one in tried])
    return study


def _as_trial(tried: Tried, space: Space) -> FrozenTrial:
    means = [math.fsum(tried.measured[: n + 1]) / (n + 1) for n in range(len(tried.measured))]
    return create_trial(
        state=TrialState.PRUNED if tried.is_pruned else TrialState.COMPLETE,
        value=means[-1],
        params=dict(tried.parameters),
        distributions={name: limits.distribution for name, limits in space.items()},
        intermediate_values=dict(enumerate(means)),
    )
