"""A variant that came later, and conversions that come later still: does the bandit find it?

Lags are exponential with a mean of three days; the better variant (6 % against 4 %) starts five
days after the other. The delays are learned from 300 conversions of an earlier launch and those of
this one that have arrived. The weights change daily by Thompson sampling.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.random import Generator

from launchopt_core.bandit import Arm, Delays, arm_of, chances_to_be_best, thompson_weights

RATES = {"old": 0.04, "new": 0.06}
START = {"old": 0, "new": 5}  # days
LAG = 3.0  # days, the mean
DAYS, DAILY = 16, 200
PAST = 300  # conversions of an earlier launch, all of which had time to arrive
LONG_AGO = 400.0
FOUND = 0.86


@dataclass
class Customers:
    """Of one variant: the day each was shown it, and the day of their conversion, if any."""

    shown: list[np.ndarray] = field(default_factory=list)
    converts: list[np.ndarray] = field(default_factory=list)

    def add(self, count: int, day: int, rate: float, rng: Generator) -> None:
        """So many customers over the hours of a day."""
        shown = day + rng.random(count)
        will = rng.random(count) < rate
        self.shown.append(shown)
        self.converts.append(np.where(will, shown + rng.exponential(LAG, count), np.inf))

    def seen(self, today: float) -> tuple[np.ndarray, np.ndarray]:
        """Ages of all, and delays of those whose conversion is here, with their ages."""
        shown, converts = np.concatenate(self.shown), np.concatenate(self.converts)
        here = converts <= today
        return today - shown, np.stack([converts[here] - shown[here], today - shown[here]])


def measured(*, repeats: int, seed: int) -> Iterator[dict[str, Any]]:
    """Rows of the table: how often the better variant leads, and the errors at each age."""
    rng = np.random.default_rng(seed)
    runs = [_run(rng, is_corrected=True) for _ in range(repeats)]
    share = float(np.mean([leads for leads, _ in runs]))
    name = "delay: right variant found, corrected"
    yield {"name": name, "value": share, "bar": f">= {FOUND}", "ok": share >= FOUND}
    naive = [_run(rng, is_corrected=False) for _ in range(repeats)]
    share = float(np.mean([leads for leads, _ in naive]))
    yield {"name": "delay: right variant found, by arrivals alone", "value": share, "bar": "",
           "ok": None}  # fmt: skip
    errors = np.array([error for _, error in runs])  # (repeats, ages)
    z = errors.mean(axis=0) / (errors.std(axis=0, ddof=1) / np.sqrt(repeats))
    most = 3.0  # over about ten ages
    name = "delay: corrected rate of the new variant, largest |bias| / its error over ages"
    yield {"name": name, "value": float(abs(z).max()), "bar": f"<= {most:g}",
           "ok": bool(abs(z).max() <= most)}  # fmt: skip
    first = np.mean([error[0] for _, error in naive]) / RATES["new"]
    name = "delay: bias of arrivals alone on the new variant's first day, of the rate"
    yield {"name": name, "value": float(first), "bar": "", "ok": None}


def _run(rng: Generator, *, is_corrected: bool) -> tuple[bool, np.ndarray]:
    """Whether the better variant leads at the end, and its rate's error on each day of its life."""
    past = np.stack([rng.exponential(LAG, PAST), np.full(PAST, LONG_AGO)])
    groups, weights, errors = {name: Customers() for name in RATES}, {"old": 1.0}, []
    arms: dict[str, Arm] = {}
    for day in range(DAYS):
        for name, weight in weights.items():
            groups[name].add(round(DAILY * weight), day, RATES[name], rng)
        started = {name: group for name, group in groups.items() if group.shown}
        arms = _arms(started, day + 1.0, past, is_corrected=is_corrected)
        if "new" in arms:
            errors.append(arms["new"].successes / arms["new"].trials - RATES["new"])
        weights = _weights(arms, day + 1, rng)
    chances = chances_to_be_best(arms, rng, draws=2_000)
    return chances["new"] > chances["old"], np.array(errors)


def _weights(arms: dict[str, Arm], day: int, rng: Generator) -> dict[str, float]:
    running = [name for name, start in START.items() if start <= day]
    if any(name not in arms for name in running):
        return dict.fromkeys(running, 1 / len(running))
    return thompson_weights(arms, rng, draws=1_000)


def _arms(
    groups: dict[str, Customers], today: float, past: np.ndarray, *, is_corrected: bool
) -> dict[str, Arm]:
    seen = {name: group.seen(today) for name, group in groups.items()}
    if not is_corrected:
        return {name: Arm(arrived.shape[1], len(ages)) for name, (ages, arrived) in seen.items()}
    known = np.concatenate([past, *(arrived for _, arrived in seen.values())], axis=1)
    delays = Delays.learned(*known)
    return {name: arm_of(arrived.shape[1], ages, delays) for name, (ages, arrived) in seen.items()}
