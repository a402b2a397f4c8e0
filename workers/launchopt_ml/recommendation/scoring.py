"""Some customers against all products: what each source says, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from launchopt_ml.recommendation.ranking import (
    CO_PURCHASE,
    CONTENT,
    INTEREST,
    POPULARITY,
    RANKED,
    scaled,
)

if TYPE_CHECKING:
    from launchopt_ml.recommendation.lists import Recommender

DIGITS = 9  # of a chance: what is nearer than that is equal, whichever machine computed it


@dataclass(frozen=True)
class Scored:
    """A block of customers, densely. Scores are -inf for what must not be shown."""

    made: Recommender
    rows: NDArray[np.integer]
    offered: NDArray[np.bool_]  # (products,)

    @cached_property
    def parts(self) -> NDArray[np.float64]:
        """(RANKED, rows, products): what each source adds to the score."""
        made, liking = self.made, self.made.tastes.liking[self.rows]
        parts = np.empty((len(RANKED), *self.bought.shape))
        parts[CONTENT] = (liking @ made.spoken_for_by_likeness).toarray()
        parts[CO_PURCHASE] = (liking @ made.spoken_for_by_purchases).toarray()
        parts[POPULARITY] = made.popularity
        parts[INTEREST] = self.interest
        parts[:, self.bought] = 0  # what is left out does not set the scale
        parts = scaled(parts)
        parts *= made.weights.of_sources()[:, None, None]
        return parts

    @cached_property
    def among_new(self) -> NDArray[np.float64]:
        """(rows, products): the merged score of all sources, which new products are ranked by."""
        return self._left_in(self.parts.sum(axis=0))

    @cached_property
    def among_all(self) -> NDArray[np.float64]:
        """(rows, products): the same without interest, or the score that its interest is worth.

        So a new product stands where its chance puts it among the known.
        """
        score = self.parts[:INTEREST].sum(axis=0)
        worth = self.made.ranker.score_of(self.interest, offset=self.offset)
        return self._left_in(np.where(self.is_predicted, worth, score))

    @cached_property
    def weight(self) -> NDArray[np.float64]:
        """(rows, products): the chance of each as its weight in the draw, 0 for what is left out.

        Where interest is predicted at all, what it was not predicted for waits until it is.
        """
        if self.made.has_predictions:
            weight = self.interest * np.maximum(1 - self.averse, 0)
        else:
            weight = self.chance(self.among_all)
        return np.where(np.isfinite(self.among_all), np.round(weight, DIGITS), 0.0)

    def chance(self, score: NDArray[np.float64]) -> NDArray[np.float64]:
        """(rows, ...): the chance of a purchase that a score stands for."""
        return self.made.ranker.chance(score, offset=self.offset)

    @cached_property
    def interest(self) -> NDArray[np.float64]:
        """(rows, products): the predicted probability, 0 where there is none."""
        interest: NDArray[np.float64] = self.made.interest[self.rows].toarray()
        return interest

    @cached_property
    def is_predicted(self) -> NDArray[np.bool_]:
        """(rows, products): new, and ranked by interest."""
        counts = self.made.weights.interest > 0
        return self.made.is_new & (self.interest > 0) & counts

    @cached_property
    def offset(self) -> NDArray[np.float64]:
        """(rows, 1): the log-odds of what no source speaks for."""
        return self.made.offset[self.rows, None]

    @cached_property
    def averse(self) -> NDArray[np.float64]:
        """(rows, products): likeness to what is disliked, 1 and more for what is not shown."""
        likeness = (
            self.made.tastes.disliked[self.rows] @ self.made.spoken_for_by_likeness
        ).toarray()
        averse: NDArray[np.float64] = likeness * self.made.weights.aversion
        return averse

    @cached_property
    def bought(self) -> NDArray[np.bool_]:
        """(rows, products)"""
        bought: NDArray[np.bool_] = self.made.tastes.bought[self.rows].toarray() > 0
        return bought

    def sources(
        self, row: NDArray[np.integer], product: NDArray[np.integer]
    ) -> NDArray[np.integer]:
        """The source that adds most; what nobody has bought yet is never called popular."""
        parts = self.parts[:, row, product]
        parts[POPULARITY, self.made.is_new[product]] = -1
        source: NDArray[np.integer] = parts.argmax(axis=0)
        return source

    def _left_in(self, score: NDArray[np.float64]) -> NDArray[np.float64]:
        left_out = self.bought | (self.averse >= 1) | ~self.offered
        return np.where(left_out, -np.inf, score - np.abs(score) * np.minimum(self.averse, 1))
