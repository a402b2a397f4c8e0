"""Which products are alike by text, which are bought by the same customers, which many buy now."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from launchopt_ml.interest.neighbours import TermSpace, words_of
from launchopt_ml.shop import PURCHASE, Products, Shop, in_days

ALIKE = 50
TOGETHER = 200
FEWEST_COMMON_BUYERS = 2
POPULAR_DAYS = 10.0
CELLS = 2_000_000  # of a block of rows that is looked at densely


def alike(products: Products) -> sp.csr_matrix:
    """(products, products) in [0, 1], 1 with itself: the ALIKE nearest by meaning and words.

    The mean of the third power of the embeddings' cosine and the cosine of TF-IDF; words alone
    where there are no embeddings.
    """
    texts = products.text.tolist()
    words = TermSpace.of(texts, terms_of=words_of).rows(texts) if texts else sp.csr_matrix((0, 0))
    vectors, count = products.embedding, len(products)

    def block(rows: slice) -> NDArray[np.float64]:
        by_words: NDArray[np.float64] = (words[rows] @ words.T).toarray()
        if not vectors.shape[1]:
            return by_words
        by_meaning = np.maximum(vectors[rows] @ vectors.T, 0).astype(np.float64) ** 3
        mean: NDArray[np.float64] = (by_words + by_meaning) / 2
        return mean

    parts = []
    for rows in blocks(count, width=count):
        near = block(rows)
        near[np.arange(len(near)), np.arange(rows.start, rows.stop)] = 1.0
        parts.append(largest(near, count=ALIKE))
    return _stacked(parts, width=count)


def bought_together(bought: sp.csr_matrix) -> sp.csr_matrix:
    """(products, products), 0 with itself: squared cosine over who bought both.

    The TOGETHER closest of each product that FEWEST_COMMON_BUYERS customers bought with it.
    """
    count = bought.shape[1]
    buyers, by_product = np.maximum(np.asarray(bought.sum(0)).ravel(), 1), sp.csr_matrix(bought.T)
    parts = []
    for rows in blocks(count, width=count):
        common = (by_product[rows] @ bought).toarray()
        common[np.arange(len(common)), np.arange(rows.start, rows.stop)] = 0
        common[common < FEWEST_COMMON_BUYERS] = 0
        parts.append(largest(common**2 / buyers[rows, None] / buyers, count=TOGETHER))
    return _stacked(parts, width=count)


def popularity(known: Shop) -> NDArray[np.float64]:
    """(products,): buyers, fading with POPULAR_DAYS before the last event.

    A customer counts at most once for a product, however many pieces or orders: that is the
    winsorising, so that one row of 80,995 pieces makes nothing popular.
    """
    bought = known.events.kind == PURCHASE
    events, width = known.events.take(bought), max(len(known.products), 1)
    if not len(events):
        return np.zeros(len(known.products))
    fresh = np.exp(-in_days(known.events.time[-1] - events.time) / POPULAR_DAYS)
    pairs, inverse = np.unique(
        events.customer.astype(np.int64) * width + events.product, return_inverse=True
    )
    weight = np.zeros(len(pairs))
    np.maximum.at(weight, inverse, fresh)
    return np.bincount(pairs % width, weight, minlength=len(known.products)).astype(np.float64)


def blocks(count: int, *, width: int) -> Iterator[slice]:
    """Blocks of rows of about CELLS cells."""
    step = max(CELLS // max(width, 1), 1)
    return (slice(start, min(start + step, count)) for start in range(0, count, step))


def largest(dense: NDArray[np.float64], *, count: int) -> sp.csr_matrix:
    """Each row's `count` largest positive entries; of equal ones the first."""
    top = top_places(dense, count=count)
    value = np.take_along_axis(dense, top, axis=1)
    row = np.broadcast_to(np.arange(len(dense))[:, None], top.shape)
    some = value > 0
    return sp.csr_matrix((value[some], (row[some], top[some])), shape=dense.shape)


def top_places(dense: NDArray[np.floating], *, count: int) -> NDArray[np.integer]:
    """(rows, at most count): the places of the largest values, the largest first, ties by place."""
    width = dense.shape[1]
    places = np.broadcast_to(np.arange(width), dense.shape)
    if count < width:
        places = np.sort(np.argpartition(-dense, count - 1, axis=1)[:, :count], axis=1)
    value = np.take_along_axis(dense, places, axis=1)
    order = np.argsort(-value, axis=1, kind="stable")
    return np.take_along_axis(places, order, axis=1)


def _stacked(parts: list[sp.csr_matrix], *, width: int) -> sp.csr_matrix:
    return sp.csr_matrix(sp.vstack(parts)) if parts else sp.csr_matrix((0, width))
