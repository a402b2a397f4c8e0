"""Experiments in which nothing happens (A/A), looked at again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import sqrt
from typing import Any

import numpy as np
from numpy.random import Generator

from launchopt_core.inference import Kind, Method, Reading, Sample, Terms, compare, read

ALPHA = 0.05
WIDEST = 1.25  # times the width of the sequence tuned for the last look
COVERAGE = (0.93, 0.97)

Draw = Callable[[Generator, tuple[int, ...], int], tuple[np.ndarray, np.ndarray]]


def visits(rng: Generator, shape: tuple[int, ...], each: int) -> tuple[np.ndarray, np.ndarray]:
    """Sums and sums of squares of units of whom one in twenty comes."""
    came = rng.binomial(each, 0.05, shape).astype(float)
    return came, came


def spending(rng: Generator, shape: tuple[int, ...], each: int) -> tuple[np.ndarray, np.ndarray]:
    """Of units of whom one in ten spends, and some of these much (lognormal)."""
    total, squares = np.zeros(shape), np.zeros(shape)
    for place in np.ndindex(shape[0]):
        block = (*shape[1:], each)
        spent = np.where(rng.random(block) < 0.1, rng.lognormal(3, 1, block), 0)
        total[place], squares[place] = spent.sum(axis=-1), (spent**2).sum(axis=-1)
    return total, squares


METRICS: dict[str, tuple[Kind, Draw]] = {
    "share of visitors": (Kind.PROPORTION, visits),
    "spend per unit": (Kind.MEAN, spending),
}


def measured(*, experiments: int, looks: int, each: int, seed: int) -> Iterator[dict[str, Any]]:
    """Rows of the table: for each metric, errors of both methods and the sequence's width."""
    for name, (kind, draw) in METRICS.items():
        rng = np.random.default_rng(seed)
        found = peeked(kind, draw, experiments=experiments, looks=looks, each=each, rng=rng)
        most = ALPHA + 2.33 * sqrt(ALPHA * (1 - ALPHA) / experiments)
        wrong = found["sequential"].is_conclusive.any(axis=1).mean()
        yield _row(f"{name}: sequential wrong at any look", wrong, f"<= {most:.4f}", wrong <= most)
        hasty = found["fixed"].is_conclusive.any(axis=1).mean()
        yield _row(f"{name}: fixed wrong at any look (why not to peek)", hasty, "", None)
        covered = 1 - found["fixed"].is_conclusive[:, -1].mean()
        is_fair = COVERAGE[0] <= covered <= COVERAGE[1]
        yield _row(f"{name}: fixed covers at the last look", covered, "0.93 to 0.97", is_fair)
        ratio = np.median(_width(found["sequential"]) / _width(found["tuned"]))
        told = f"{name}: sequential width at the last look / tuned for it"
        yield _row(told, ratio, f"<= {WIDEST}", ratio <= WIDEST)


def peeked(
    kind: Kind, draw: Draw, *, experiments: int, looks: int, each: int, rng: Generator
) -> dict[str, Reading]:
    """What each method reads, (experiments, looks)."""
    count = np.broadcast_to(each * np.arange(1.0, looks + 1), (experiments, looks))
    groups = []
    for _ in range(2):
        total, squares = (part.cumsum(axis=1) for part in draw(rng, count.shape, each))
        groups.append(
            Sample.from_sums(
                kind=np.full(count.shape, kind), count=count, sum=total, sum_squares=squares
            )
        )
    difference = compare(*groups)
    terms = {
        "fixed": Terms(alpha=ALPHA),
        "sequential": Terms(method=Method.SEQUENTIAL, alpha=ALPHA),
        "tuned": Terms(method=Method.SEQUENTIAL, alpha=ALPHA, tuning=2.0 * each * looks),
    }
    return {name: read(difference, chosen) for name, chosen in terms.items()}


def _width(reading: Reading) -> np.ndarray:
    return (reading.high - reading.low)[:, -1]


def _row(name: str, value: float, bar: str, ok: bool | None) -> dict[str, Any]:
    return {"name": name, "value": float(value), "bar": bar, "ok": None if ok is None else bool(ok)}
