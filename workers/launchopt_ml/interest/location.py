"""Where a new product lies among the factors of who buys what, told from its text alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

MOST_KNOWN = 4_000  # products that are learned from, the most bought: the cost grows by the cube
DOUBT = 30.0  # buyers from which a product's own place is believed as it is
NOWHERE = -1


@dataclass(frozen=True)
class Texts:
    """Texts as rows of length 1 or 0, in three ways."""

    words: sp.csr_matrix
    letters: sp.csr_matrix
    meaning: NDArray[np.float32]

    def take(self, rows: NDArray[np.integer]) -> Texts:
        """Some of them."""
        return Texts(self.words[rows], self.letters[rows], self.meaning[rows])

    def likeness(self, other: Texts) -> NDArray[np.float32]:
        """(own, other): 3 for the same text, 0 for nothing in common."""
        spelt = self.words @ other.words.T + self.letters @ other.letters.T
        meant = np.maximum(self.meaning @ other.meaning.T, 0) ** 2
        return np.asarray(spelt.toarray() + meant, dtype=np.float32)


@dataclass(frozen=True)
class Location:
    """Kernel ridge regression from the texts of known products to where they lie."""

    row_of: NDArray[np.integer]  # (known + 1,), of the chosen; NOWHERE of others and at the end
    texts: Texts  # of the known products learned from, the chosen
    places: NDArray[np.float32]  # (chosen, rank)
    weights: NDArray[np.float32]  # (chosen, rank)
    factor: NDArray[np.float32]  # (chosen, chosen), lower: likeness and doubt by Cholesky

    @classmethod
    def of(cls, texts: Texts, *, places: NDArray[np.float32], buyers: NDArray[np.floating]) -> Self:
        """From all known products; the fewer bought one, the less its place is believed."""
        chosen = np.sort(np.argsort(-buyers, kind="stable")[:MOST_KNOWN])
        texts, places = texts.take(chosen), places[chosen]
        likeness = texts.likeness(texts)
        row_of = np.full(len(buyers) + 1, NOWHERE)
        row_of[chosen] = np.arange(len(chosen))
        doubt = DOUBT / np.clip(buyers[chosen], 1, DOUBT)
        likeness[np.diag_indices(len(likeness))] += doubt.astype(np.float32)
        factor, _ = cho_factor(likeness, lower=True, overwrite_a=True)
        return cls(row_of, texts, places, cho_solve((factor, True), places), factor)

    def told(self, texts: Texts, *, known_as: NDArray[np.integer]) -> NDArray[np.float32]:
        """(texts, rank). That of a known product, whose position `known_as` tells (NOWHERE for a
        new one), is told by the others."""
        told = np.asarray(texts.likeness(self.texts) @ self.weights, dtype=np.float32)
        place = self.row_of[known_as]
        row = np.flatnonzero(place >= 0)
        own = place[row]
        told[row] = self.places[own] - self.weights[own] / self._own_weight(own)[:, None]
        return told

    def _own_weight(self, own: NDArray[np.integer]) -> NDArray[np.float32]:
        """(own,): of the inverse's diagonal, which tells how much a product speaks for itself."""
        column = np.arange(len(own))
        unit = np.zeros((len(self.places), len(own)), dtype=np.float32)
        unit[own, column] = 1
        solved = cho_solve((self.factor, True), unit, overwrite_b=True)
        return np.asarray(solved[own, column], dtype=np.float32)
