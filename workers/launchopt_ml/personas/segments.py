"""Segments of customers: who likes and buys alike, the same ones from one build to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist, pdist

Floats = NDArray[np.floating]
TASTE = 64  # dimensions of taste in the space of customers
FEWEST_IN_A_SEGMENT = 20
COUNTS = range(3, 13)  # how many segments there may be
LEARNED_FROM = 10_000  # customers that centres are found on; all are then assigned
STARTS, ROUNDS = 2, 40
# Of the best silhouette: as far down as this more segments, or the earlier ones, are preferred.
AS_GOOD = 0.88
REDRAWS = 8
BLOCK = 50_000  # customers at a time


@dataclass(frozen=True)
class Earlier:
    """Segments of an earlier build, in the same space."""

    ids: Sequence[str] = ()
    centres: Floats = field(default_factory=lambda: np.zeros((0, 0)))  # (segments, width)


@dataclass(frozen=True)
class Segments:
    """Who belongs to which segment, and how surely."""

    centres: Floats  # (segments, width)
    known_as: list[str]  # the id of the earlier segment that each one is; empty for a new one
    of_customer: NDArray[np.int64]  # (customers,), -1 where too little is known
    confidence: Floats  # (customers,) 0 to 1
    is_declared: NDArray[np.bool_]  # (customers,)

    def placed(self, rows: NDArray[np.integer]) -> Segments:
        """The same where customer `n` stands at `rows[n]`."""
        back = np.argsort(rows)
        own = ("of_customer", "confidence", "is_declared")
        return replace(self, **{name: getattr(self, name)[back] for name in own})


@dataclass(frozen=True)
class Crowd:
    """Customers to tell apart: by what they like, and by how they shop."""

    liking: sp.csr_matrix  # (customers, products)
    declared: (
        sp.csr_matrix
    )  # (customers, products) of what they said they like; empty rows: nothing
    products: Floats  # (products, TASTE); see `product_space`
    behaviour: Floats  # (customers, any), each about 1 wide

    def take(self, rows: NDArray[np.integer]) -> Crowd:
        """Some of the customers, in that order; the usual taste is theirs."""
        return Crowd(self.liking[rows], self.declared[rows], self.products, self.behaviour[rows])

    def points(self, liking: sp.csr_matrix | None = None) -> Floats:
        """(customers, TASTE + behaviour): the direction of taste, and behaviour beside it."""
        return np.hstack([self.taste(self.liking if liking is None else liking), self.behaviour])

    def taste(self, liking: sp.csr_matrix) -> Floats:
        """(customers, TASTE) of length 1, or 0 where nothing is known: against the usual taste."""
        usual = _mean(self.liking) @ self.products
        total = np.asarray(liking.sum(axis=1))
        leaning = liking @ self.products - total * usual
        length = np.linalg.norm(leaning, axis=1, keepdims=True)
        return np.asarray(leaning / np.where(length > 0, length, 1), dtype=np.float32)


def product_space(embedding: Floats, terms: Sequence[Sequence[str]]) -> Floats:
    """(products, TASTE): embeddings, or without any the products' terms, by fixed directions.

    The directions depend on nothing but their number or the term, so that two builds can be
    compared (random projection: Johnson and Lindenstrauss, 1984).
    """
    if embedding.shape[1]:
        directions = np.random.default_rng(embedding.shape[1]).normal(
            size=(embedding.shape[1], TASTE)
        )
        return np.asarray(embedding @ directions / np.sqrt(TASTE), dtype=np.float32)
    own = {term: _direction(term) for some in terms for term in some}
    zero = np.zeros((1, TASTE), dtype=np.float32)
    rows = [np.stack([own[t] for t in some]).sum(0, keepdims=True) for some in terms if some]
    filled = iter(rows)
    return np.vstack([zero[:0], *(next(filled) if some else zero for some in terms)])


def find_segments(crowd: Crowd, *, earlier: Earlier, rng: Generator) -> Segments:
    """Segments of those of whom something is known; few customers have none."""
    points = crowd.points()
    known = np.flatnonzero(np.diff(crowd.liking.indptr) > 0)
    some = np.sort(rng.choice(known, min(len(known), LEARNED_FROM), replace=False))
    centres = _centres(points[some], earlier=earlier, rng=rng)
    of_customer = np.full(len(points), -1)
    confidence = np.zeros(len(points))
    if len(centres):
        of_customer[known] = nearest(points[known], centres)
        confidence[known] = _confidence(crowd, of_customer, centres, rng=rng)[known]
    is_declared = (np.diff(crowd.declared.indptr) > 0) & bool(len(centres))
    if is_declared.any():
        wish = crowd.taste(crowd.declared[is_declared])
        of_customer[is_declared] = nearest(wish, centres[:, :TASTE])
        confidence[is_declared] = 1.0
    return Segments(centres, same_as(earlier, centres), of_customer, confidence, is_declared)


def nearest(points: Floats, centres: Floats) -> NDArray[np.int64]:
    """(points,): the closest centre; the first of equals."""
    blocks = range(0, len(points), BLOCK)
    found = [cdist(points[at : at + BLOCK], centres).argmin(axis=1) for at in blocks]
    return np.concatenate([np.zeros(0, dtype=np.int64), *found])


def same_as(earlier: Earlier, centres: Floats) -> list[str]:
    """For each centre the earlier segment that it is, or an empty text.

    Pairs are made so that all move least, and a pair must be closer than half of what is usual
    between two earlier segments.
    """
    known_as = [""] * len(centres)
    if not len(centres) or not len(earlier.ids):
        return known_as
    moved = cdist(centres, earlier.centres)
    apart = pdist(earlier.centres)
    limit = 0.5 * float(np.median(apart)) if len(apart) else 0.5
    for new, old in zip(*linear_sum_assignment(moved), strict=True):
        if moved[new, old] < limit:
            known_as[new] = earlier.ids[old]
    return known_as


def _centres(points: Floats, *, earlier: Earlier, rng: Generator) -> Floats:
    """(segments, width): the earlier ones moved, while they tell customers apart about as well as
    any other number would; else as many as do.
    """
    most = len(points) // FEWEST_IN_A_SEGMENT
    tries = [_best_start(points, k, rng=rng) for k in COUNTS if k <= most]
    if not tries:
        return np.zeros((0, points.shape[1]))
    if 1 < len(earlier.ids) <= most:
        tries.append(_moved(points, earlier.centres))
    worth = np.array([_silhouette(points, centres) for centres in tries])
    return tries[int(np.flatnonzero(worth >= AS_GOOD * worth.max())[-1])]


def _best_start(points: Floats, count: int, *, rng: Generator) -> Floats:
    found = [_moved(points, _first_centres(points, count, rng=rng)) for _ in range(STARTS)]
    return min(found, key=lambda centres: float(cdist(points, centres).min(axis=1).sum()))


def _first_centres(points: Floats, count: int, *, rng: Generator) -> Floats:
    """k-means++ (Arthur and Vassilvitskii, 2007)."""
    chosen = [int(rng.integers(len(points)))]
    gap = np.full(len(points), np.inf)
    for _ in range(count - 1):
        gap = np.minimum(gap, cdist(points, points[chosen[-1:]], "sqeuclidean")[:, 0])
        total = gap.sum()
        chance = gap / total if total > 0 else np.full(len(gap), 1 / len(gap))
        chosen.append(int(rng.choice(len(points), p=chance)))
    return points[chosen].astype(np.float64)


def _moved(points: Floats, centres: Floats) -> Floats:
    """Lloyd's rounds until nobody changes sides; a centre that nobody is close to stays."""
    of_point = np.full(len(points), -1)
    for _ in range(ROUNDS):
        before, of_point = of_point, nearest(points, centres)
        if np.array_equal(before, of_point):
            break
        sides = sp.csr_matrix(
            (np.ones(len(points)), (of_point, np.arange(len(points)))),
            shape=(len(centres), len(points)),
        )
        size = np.diff(sides.indptr)[:, None]
        centres = np.where(size > 0, (sides @ points) / np.maximum(size, 1), centres)
    return centres


def _silhouette(points: Floats, centres: Floats) -> float:
    """How much closer the own centre is than the next: -1 to 1 (Hruschka and others, 2004)."""
    first, second = np.sort(cdist(points, centres), axis=1)[:, :2].T
    return float(np.mean((second - first) / np.maximum(second, 1e-9)))


def _confidence(
    crowd: Crowd, of_customer: NDArray[np.int64], centres: Floats, *, rng: Generator
) -> Floats:
    """How often a redraw of the history (Poisson bootstrap) gives the same segment.

    By n / (n + 1) for n products: where little was seen, another look could show much else.
    """
    same = np.zeros(len(of_customer))
    for _ in range(REDRAWS):
        drawn = crowd.liking.copy()
        drawn.data = drawn.data * rng.poisson(1.0, len(drawn.data))
        drawn.eliminate_zeros()
        same += nearest(crowd.points(drawn), centres) == of_customer
    products = np.diff(crowd.liking.indptr)
    return np.asarray(same / REDRAWS * products / (products + 1), dtype=np.float64)


def _mean(liking: sp.csr_matrix) -> Floats:
    """(products,): each product's share of all liking."""
    total = np.asarray(liking.sum(axis=0)).ravel()
    return np.asarray(total / max(float(total.sum()), 1e-12), dtype=np.float64)


def _direction(term: str) -> Floats:
    """(TASTE,): the same for a term wherever it is met."""
    seed = int.from_bytes(term.encode()[:64], "little")
    return np.random.default_rng(seed).normal(size=TASTE).astype(np.float32)


def rows_by_segment(segments: Segments) -> list[NDArray[np.integer]]:
    """For each segment the positions of its customers."""
    order = np.argsort(segments.of_customer, kind="stable")
    cuts = np.searchsorted(segments.of_customer[order], np.arange(len(segments.centres) + 1))
    return [order[start:end] for start, end in pairwise(cuts.tolist())]
