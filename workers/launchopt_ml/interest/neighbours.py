"""Which known products a new one resembles: by words, letters, meaning, and who buys both."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from launchopt_ml.interest.codes import by_code
from launchopt_ml.interest.factors import Factors, of_length_1
from launchopt_ml.interest.location import Location, Texts
from launchopt_ml.shop import Products

NEAREST, VERY_NEAREST = 50, 5
CO_BUYERS = 200
WORD = re.compile(r"\w+")
WITHOUT_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")  # kana and Chinese characters
Profile: TypeAlias = sp.csr_matrix  # (new products, known products), how much each known one speaks


def words_of(text: str) -> list[str]:
    """Words in lower case; Chinese and Japanese, which set no spaces, by single and paired letters.

    >>> words_of("Red heart, RED"), words_of("红茶杯")
    (['red', 'heart', 'red'], ['红', '茶', '杯', '红茶', '茶杯'])
    """
    return [part for word in WORD.findall(text.lower()) for part in _parts(word)]


def letters_of(text: str) -> list[str]:
    """Runs of three to five letters within words, ends marked, so that 'hearts' is near 'heart'.

    >>> letters_of("tea")
    [' te', 'tea', 'ea ', ' tea', 'tea ', ' tea ']
    """
    return [
        marked[start : start + width]
        for marked in (f" {word} " for word in WORD.findall(text.lower()))
        for width in (3, 4, 5)
        for start in range(len(marked) - width + 1)
    ]


@lru_cache(maxsize=8192)
def counted(text: str, terms_of: Callable[[str], list[str]]) -> Counter[str]:
    """How often each term is in a text; texts come again at every instant looked from."""
    return Counter(terms_of(text))


def _parts(word: str) -> list[str]:
    if not WITHOUT_SPACES.search(word):
        return [word]
    return [*word, *(word[place : place + 2] for place in range(len(word) - 1))]


@dataclass(frozen=True)
class TermSpace:
    """TF-IDF over the terms of known texts (sublinear counts, smooth inverse frequency)."""

    terms_of: Callable[[str], list[str]]
    column: dict[str, int]
    inverse_frequency: NDArray[np.float64]

    @classmethod
    def of(cls, texts: Sequence[str], *, terms_of: Callable[[str], list[str]]) -> TermSpace:
        """The space of the terms in `texts`; terms met later have no column."""
        found = Counter(chain.from_iterable(counted(text, terms_of) for text in texts))
        column = {term: place for place, term in enumerate(sorted(found))}
        count = np.array([found[term] for term in column], dtype=np.float64)
        return cls(terms_of, column, 1 + np.log((1 + len(texts)) / (1 + count)))

    def rows(self, texts: Sequence[str]) -> sp.csr_matrix:
        """(texts, terms), rows of length 1 or 0."""
        terms = [counted(text, self.terms_of) for text in texts]
        row = np.repeat(np.arange(len(terms)), [len(own) for own in terms])
        column = np.array([self.column.get(term, -1) for own in terms for term in own], dtype=int)
        count = np.array([number for own in terms for number in own.values()], dtype=np.float64)
        known = column >= 0
        row, column = row[known], column[known]
        weight = (1 + np.log(count[known])) * self.inverse_frequency[column]
        square = np.bincount(row, weight * weight, minlength=len(texts))
        scale = 1 / np.sqrt(np.where(square > 0, square, 1))
        shape = (len(texts), len(self.column))
        return sp.csr_matrix((scale[row] * weight, (row, column)), shape=shape)


def nearest(similarity: sp.csr_matrix, *, count: int) -> sp.csr_matrix:
    """Each row's `count` largest positive entries."""
    similarity = sp.csr_matrix(similarity)
    kept = [_largest(similarity, row, count) for row in range(similarity.shape[0])]
    lengths = [len(places) for places in kept]
    places = np.concatenate(kept) if kept else np.zeros(0, dtype=int)
    pointer = np.concatenate([[0], np.cumsum(lengths)])
    return sp.csr_matrix(
        (similarity.data[places], similarity.indices[places], pointer), similarity.shape
    )


def _largest(matrix: sp.csr_matrix, row: int, count: int) -> NDArray[np.integer]:
    start, end = matrix.indptr[row : row + 2]
    values = matrix.data[start:end]
    edge = np.partition(values, -count)[-count] if len(values) > count else 0.0
    kept = np.flatnonzero(values >= edge if edge > 0 else values > 0)
    if len(kept) > count:  # ties by position
        order = np.lexsort((matrix.indices[start + kept], -values[kept]))
        kept = np.sort(kept[order[:count]])
    return np.asarray(start + kept, dtype=np.int64)


def co_purchase(bought: sp.csr_matrix) -> sp.csr_matrix:
    """Cosine of each two products over who bought them, 1 with itself: (products, products).

    Only the CO_BUYERS closest of each product are kept.
    """
    together = sp.csr_matrix(bought.T.tocsr() @ bought, dtype=np.float64)
    length = np.sqrt(together.diagonal())
    scale = 1 / np.where(length > 0, length, 1)
    together.data *= np.repeat(scale, np.diff(together.indptr))
    together.data *= scale[together.indices]
    return nearest(together, count=CO_BUYERS)


def meaning(new: NDArray[np.float32], known: NDArray[np.float32]) -> sp.csr_matrix:
    """Positive cosines of embeddings, the nearest of each, sharpened by the third power."""
    if not new.shape[1] or not len(known):
        return sp.csr_matrix((len(new), len(known)))
    cosine = np.maximum(new @ known.T, 0).astype(np.float64)
    return nearest(sp.csr_matrix(cosine), count=NEAREST).power(3)


def places_of(names: NDArray[np.str_], *, among: NDArray[np.str_]) -> NDArray[np.int64]:
    """For each name its position in `among`, -1 where it is not there."""
    place = {name: position for position, name in enumerate(among.tolist())}
    return np.array([place.get(name, -1) for name in names.tolist()], dtype=np.int64)


def without_self(profile: sp.csr_matrix, *, known_as: NDArray[np.integer]) -> sp.csr_matrix:
    """The profile in which no product speaks for itself, should a new one be known already."""
    if not (known_as >= 0).any():
        return sp.csr_matrix(profile)
    profile = sp.csr_matrix(profile, copy=True)
    row = np.repeat(np.arange(len(known_as)), np.diff(profile.indptr))
    profile.data[profile.indices == known_as[row]] = 0
    profile.eliminate_zeros()
    return profile


@dataclass(frozen=True)
class Neighbourhood:
    """What there is to look new products up in: made from what was known at an instant."""

    known: Products
    words: TermSpace
    letters: TermSpace
    known_texts: Texts
    together: sp.csr_matrix
    by_few: sp.csr_matrix
    at_once: sp.csr_matrix
    factors: Factors
    location: Location

    @classmethod
    def of(cls, known: Products, *, bought: sp.csr_matrix, orders: sp.csr_matrix) -> Neighbourhood:
        """The neighbourhood of known products, of who bought them, and in which orders."""
        texts = known.text.tolist()
        words = TermSpace.of(texts, terms_of=words_of)
        letters = TermSpace.of(texts, terms_of=letters_of)
        meaning = _around(known.embedding, known=known)
        known_texts = Texts(words.rows(texts), letters.rows(texts), meaning)
        factors = Factors.of(bought)
        return cls(
            known,
            words,
            letters,
            known_texts,
            co_purchase(bought),
            co_purchase(_by_width(bought)),
            co_purchase(_by_width(orders)),
            factors,
            Location.of(
                known_texts,
                places=of_length_1(factors.of_products),
                buyers=np.asarray(bought.sum(0)).ravel(),
            ),
        )

    def texts_of(self, new: Products) -> Texts:
        """The texts of new products, in the space of the known ones."""
        texts = new.text.tolist()
        meaning = _around(new.embedding, known=self.known)
        return Texts(self.words.rows(texts), self.letters.rows(texts), meaning)

    def profiles(
        self, new: Products, texts: Texts, *, known_as: NDArray[np.integer]
    ) -> dict[str, Profile]:
        """For each way of looking, how much each known product speaks for each new one.

        `texts` are theirs, `known_as` tells where each is among the known, -1 for nowhere.
        """
        words = nearest(texts.words @ self.known_texts.words.T, count=NEAREST)
        letters = nearest(texts.letters @ self.known_texts.letters.T, count=NEAREST)
        sense = meaning(new.embedding, self.known.embedding)
        mixed = nearest(words + letters + sense, count=NEAREST)
        profiles = {
            "words": words,
            "letters": letters,
            "meaning": sense,
            "near": mixed,
            "nearest": nearest(mixed, count=VERY_NEAREST),
            "code": by_code(new.sku, self.known.sku),
            "bought_together": mixed @ self.together.power(2),
            "bought_closely": mixed @ self.together.power(3),
            "bought_by_few": mixed @ self.by_few.power(1.5),
            "bought_at_once": mixed @ self.at_once.power(1.5),
        }
        return {way: without_self(p, known_as=known_as) for way, p in profiles.items()}


def _around(embedding: NDArray[np.float32], *, known: Products) -> NDArray[np.float32]:
    """Embeddings around the middle of the known products', of length 1."""
    return of_length_1(embedding - (known.embedding.mean(0) if len(known) else 0.0))


def _by_width(bought: sp.csr_matrix) -> sp.csr_matrix:
    """Rows divided by the root of their number: what is in a small order belongs together more."""
    width = np.maximum(np.asarray(bought.sum(1)).ravel(), 1)
    return sp.csr_matrix(sp.diags(1 / np.sqrt(width)) @ bought)
