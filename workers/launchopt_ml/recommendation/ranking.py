"""One score from several sources, and lists that do not repeat themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from launchopt_core.reasons import SOURCES

CONTENT, CO_PURCHASE, POPULARITY, INTEREST, EXPLORATION = range(len(SOURCES))
RANKED = SOURCES[:EXPLORATION]  # what is explored is drawn, not ranked


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
    exploration: float = 0.2  # the share of entries that are new products drawn by chance

    def of_sources(self) -> NDArray[np.float64]:
        """(RANKED,)"""
        return np.array([getattr(self, name) for name in RANKED])

    @property
    def every(self) -> int:
        """One of so many entries is drawn; 0 for none."""
        return round(1 / self.exploration) if self.exploration else 0


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
