"""One score from several sources, and lists that do not repeat themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from launchopt_core.reasons import SOURCES

CONTENT, CO_PURCHASE, POPULARITY, INTEREST = range(len(SOURCES))


@dataclass(frozen=True)
class Weights:
    """How much each source counts, each scaled to at most 1 within a customer's list.

    Chosen on the earlier months of a real shop: docs/explanation/recommendations.md says how.
    """

    content: float = 1.0
    co_purchase: float = 1.0
    popularity: float = 1.0
    interest: float = 1.0
    sameness: float = 0.2  # lost for being like an entry above, at most
    aversion: float = 2.0  # how fast likeness to something disliked takes the score away
    new_every: int = 5  # one of so many entries is new and not bought yet; 0 leaves it to the score

    def of_sources(self) -> NDArray[np.float64]:
        """(SOURCES,)"""
        return np.array([getattr(self, name) for name in SOURCES])


def scaled(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each row divided by its largest entry; a row without any stays 0."""
    most = scores.max(axis=-1, keepdims=True, initial=0.0)
    return scores / np.where(most > 0, most, 1.0)


def diverse_order(
    score: NDArray[np.float64], vectors: NDArray[np.float32], *, count: int, sameness: float
) -> tuple[NDArray[np.integer], NDArray[np.float64]]:
    """Places of the chosen among candidates, and what each was chosen with, never rising.

    `score` is (rows, candidates), -inf where there is none; `vectors` (rows, candidates, width)
    normalised. Each entry loses `sameness` times its likeness to the nearest one above it, as a
    share of the row's best score (maximal marginal relevance: Carbonell and Goldstein, 1998).
    """
    rows, count = np.arange(len(score)), min(count, score.shape[1])
    likeness = np.maximum(vectors @ vectors.transpose(0, 2, 1), 0)  # (rows, candidates, candidates)
    nearest, left = np.zeros(score.shape), score.copy()
    cost = sameness * np.maximum(score.max(axis=1, keepdims=True), 0)
    cost[~np.isfinite(cost)] = 0
    chosen = np.empty((len(score), count), dtype=np.int64)
    worth = np.empty((len(score), count))
    for place in range(count):
        now = left - cost * nearest
        best = now.argmax(axis=1)
        chosen[:, place], worth[:, place] = best, now[rows, best]
        nearest = np.maximum(nearest, likeness[rows, best])
        left[rows, best] = -np.inf
    return chosen, worth


def with_new(
    mixed: list[int], *, is_new: NDArray[np.bool_], new: list[int], every: int
) -> list[int]:
    """A list in which each stretch of `every` entries has a new product, while there are any.

    >>> with_new([1, 2, 3, 4], is_new=np.array([True] + [False] * 4), new=[0], every=4)
    [1, 2, 3, 0]
    """
    length, result = len(mixed), list(mixed)
    for start in range(0, length - every + 1, every):
        stretch = result[start : start + every]
        missing = [product for product in new if product not in result[: start + every]]
        if missing and not any(is_new[product] for product in stretch):
            if missing[0] in result:
                result.remove(missing[0])
            result.insert(start + every - 1, missing[0])
    return result[:length]


def falling(own: list[float | None]) -> list[float]:
    """Scores that never rise: an entry that was put in takes that of the entry above it.

    >>> falling([3.0, None, 2.0])
    [3.0, 3.0, 2.0]
    """
    last = max((score for score in own if score is not None), default=0.0)
    result = []
    for score in own:
        last = last if score is None else min(score, last)
        result.append(last)
    return result
