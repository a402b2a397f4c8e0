"""Logs of choices in worlds whose rewards are known: does off-policy evaluation find the value?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.random import Generator

from launchopt_core.offpolicy import Log, Policy, evaluate

ESTIMATES = ("ips", "snips", "direct", "doubly_robust")
COVERAGE = (0.92, 0.98)
WIDEST = 1.2  # times the normal interval by the estimator's own spread over the logs


@dataclass(frozen=True)
class World:
    """Contexts by share, slots among them, with rates of reward and two policies."""

    name: str
    rows: int
    share: np.ndarray  # (contexts,)
    rate: np.ndarray  # (contexts, actions)
    force: np.ndarray  # (contexts, actions), in force
    other: np.ndarray  # (contexts, actions), to be judged
    features: np.ndarray  # (contexts, width)

    @classmethod
    def drawn(cls, name: str, *, rows: int, contexts: int, actions: int, base: float) -> World:
        """Rates on a logit scale around `base`, policies by chance."""
        rng = np.random.default_rng(7)
        logits = base + rng.normal(0, 0.7, actions) + rng.normal(0, 0.5, (contexts, 1))
        rate = 1 / (1 + np.exp(-(logits + rng.normal(0, 0.3, (contexts, actions)))))
        tastes = rng.dirichlet(np.ones(actions), (2, contexts))
        return cls(
            name=name,
            rows=rows,
            share=rng.dirichlet(np.full(contexts, 3.0)),
            rate=rate,
            force=0.8 * tastes[0] + 0.2 / actions,
            other=0.8 * tastes[1] + 0.2 / actions,
            features=np.eye(contexts),
        )

    @property
    def value(self) -> float:
        """What the other policy earns."""
        return float((self.share[:, None] * self.other * self.rate).sum())

    def log(self, rng: Generator) -> Log:
        """Choices of the policy in force."""
        context = rng.choice(len(self.share), self.rows, p=self.share)
        below = self.force[context].cumsum(axis=1) < rng.random(self.rows)[:, None]
        action = np.minimum(below.sum(axis=1), self.rate.shape[1] - 1)
        reward = (rng.random(self.rows) < self.rate[context, action]).astype(float)
        propensity = self.force[context, action]
        return Log(context, action, reward, propensity, self.features, self.rate.shape[1])


WORLDS = (
    World.drawn("8 contexts x 6 actions, 2,000 rows", rows=2000, contexts=8, actions=6, base=-1.5),
    World.drawn("30 contexts x 10, 3,000 rows", rows=3000, contexts=30, actions=10, base=-1.5),
)


def measured(*, logs: int, seed: int) -> Iterator[dict[str, Any]]:
    """Rows of the table, for each world and estimator."""
    slack = 3 * sqrt(0.05 * 0.95 / logs) if logs < 500 else 0.0
    for world in WORLDS:
        found, effective = _judged(world, logs=logs, rng=np.random.default_rng(seed))
        errors = {}
        for name, (value, low, high) in zip(ESTIMATES, found, strict=True):
            covered = ((low <= world.value) & (world.value <= high)).mean()
            is_fair = COVERAGE[0] - slack <= covered <= COVERAGE[1] + slack
            told = f"{world.name}: {name} covers the known value"
            yield {"name": told, "value": covered, "bar": "0.92 to 0.98", "ok": bool(is_fair)}
            width = (high - low).mean() / (2 * 1.96 * value.std())
            told = f"{world.name}: {name} width / normal"
            yield {"name": told, "value": width, "bar": f"<= {WIDEST}", "ok": bool(width <= WIDEST)}
            errors[name] = ((value - world.value) ** 2).mean()
        ratio = errors["doubly_robust"] / errors["ips"]
        told = f"{world.name}: squared error of doubly robust / ips"
        yield {"name": told, "value": ratio, "bar": "< 1", "ok": bool(ratio < 1)}
        told = f"{world.name}: effective rows"
        yield {"name": told, "value": effective, "bar": "", "ok": None}


def _judged(world: World, *, logs: int, rng: Generator) -> tuple[np.ndarray, float]:
    """(estimators, [value, low, high], logs), and the mean effective sample."""
    figures, effective = [], []
    for _ in range(logs):
        found = evaluate(world.log(rng), Policy(world.other), rng=rng)
        valued = [getattr(found, name) for name in ESTIMATES]
        figures.append([(v.value, *v.interval) for v in valued])
        effective.append(found.effective_sample_size)
    return np.array(figures).transpose(1, 2, 0), float(np.mean(effective))
