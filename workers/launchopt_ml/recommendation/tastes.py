"""What each customer bought, likes and dislikes before an instant, as sparse matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from launchopt_core.reasons import DEEDS
from launchopt_ml.interest.histories import SIGNAL
from launchopt_ml.shop import KINDS, PURCHASE, RETURN, Events, Shop, in_days

FADE_DAYS = 90.0
LIKE, DISLIKE = KINDS.index("like"), KINDS.index("dislike")
_DEED_OF = {"click": "view"}
_LEVEL = np.array(
    [DEEDS.index(name) if (name := _DEED_OF.get(kind, kind)) in DEEDS else -1 for kind in KINDS]
)


@dataclass(frozen=True)
class Tastes:
    """Customers x products. What was returned or disliked speaks for nothing."""

    bought: sp.csr_matrix  # 1 where ever bought
    liking: sp.csr_matrix  # every signal, fading with FADE_DAYS before the last event
    disliked: sp.csr_matrix  # 1 where the last word on it is a dislike
    deeds: sp.csr_matrix  # 1 + position in DEEDS of the strongest deed

    @classmethod
    def of(cls, known: Shop) -> Tastes:
        """The tastes in what was known; see `Shop.before`."""
        events, shape = known.events, (len(known.customers), len(known.products))
        pairs = _Pairs(events, shape)
        disliked = pairs.last_is(DISLIKE, among=(LIKE, DISLIKE))
        returned = pairs.last_is(RETURN, among=(PURCHASE, RETURN))
        signal = np.array([SIGNAL.get(kind, 0.0) for kind in KINDS])[events.kind]
        liking = pairs.total(signal * np.exp(-_age(events) / FADE_DAYS))
        return cls(
            pairs.total((events.kind == PURCHASE).astype(np.float64)).sign(),
            _without(_without(liking, disliked), returned),
            disliked,
            pairs.largest(_LEVEL[events.kind] + 1),
        )


def _age(events: Events) -> NDArray[np.float64]:
    """Days before the last event, so that a shop silent for years keeps its tastes."""
    return in_days(events.time[-1] - events.time) if len(events) else np.zeros(0)


def _without(matrix: sp.csr_matrix, mask: sp.csr_matrix) -> sp.csr_matrix:
    kept = sp.csr_matrix(matrix - matrix.multiply(mask))
    kept.eliminate_zeros()
    return kept


@dataclass(frozen=True)
class _Pairs:
    """Events gathered by customer and product."""

    events: Events
    shape: tuple[int, int]

    def total(self, value: NDArray[np.float64]) -> sp.csr_matrix:
        some = value > 0
        place = (self.events.customer[some], self.events.product[some])
        return sp.csr_matrix((value[some], place), shape=self.shape)

    def largest(self, value: NDArray[np.integer]) -> sp.csr_matrix:
        some = value > 0
        pairs, inverse = np.unique(self._keys[some], return_inverse=True)
        largest = np.zeros(len(pairs), dtype=np.int64)
        np.maximum.at(largest, inverse, value[some])
        return self._matrix(pairs, largest)

    def last_is(self, kind: int, *, among: tuple[int, ...]) -> sp.csr_matrix:
        """1 where the last event of these kinds is of this kind."""
        rows = np.flatnonzero(np.isin(self.events.kind, among))[::-1]  # youngest first
        pairs, first = np.unique(self._keys[rows], return_index=True)
        is_last = self.events.kind[rows[first]] == kind
        return self._matrix(pairs[is_last], np.ones(int(is_last.sum())))

    @property
    def _keys(self) -> NDArray[np.int64]:
        return self.events.customer.astype(np.int64) * max(self.shape[1], 1) + self.events.product

    def _matrix(self, pairs: NDArray[np.int64], value: NDArray[np.generic]) -> sp.csr_matrix:
        width = max(self.shape[1], 1)
        return sp.csr_matrix((value, (pairs // width, pairs % width)), shape=self.shape)
