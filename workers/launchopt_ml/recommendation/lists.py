"""Every customer's list, made in blocks of customers, from what was known before an instant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from launchopt_core.reasons import SOURCES
from launchopt_ml.recommendation import likeness
from launchopt_ml.recommendation.explain import NAMED, NOBODY, loudest
from launchopt_ml.recommendation.ranking import (
    CO_PURCHASE,
    CONTENT,
    INTEREST,
    POPULARITY,
    Weights,
    diverse_order,
    falling,
    scaled,
    with_new,
)
from launchopt_ml.recommendation.tastes import Tastes
from launchopt_ml.shop import PURCHASE, RETURN, Columns, Shop, days

FRESH_DAYS = 90.0  # on sale for less, and not bought yet: such products get places in lists
CANDIDATES = 3  # times the length of the list, from which a diverse one is chosen
MOST_ROWS = 64  # customers in a block


@dataclass(frozen=True)
class Lists(Columns):
    """Entries of lists, by customer and rank. Positions are those of `Recommender.known`."""

    customer: NDArray[np.int32]
    rank: NDArray[np.int16]  # from 1
    product: NDArray[np.int32]
    score: NDArray[np.float64]  # never rises with the rank
    source: NDArray[np.int8]  # position in SOURCES
    is_new: NDArray[np.bool_]  # nobody had bought it yet
    named: NDArray[np.int32]  # (entries, NAMED): products that spoke for it, NOBODY for none
    deed: NDArray[np.int8]  # position in DEEDS of what was done with those, NOBODY for none


@dataclass(frozen=True)
class Recommender:
    """What every list is made from."""

    known: Shop
    as_of: np.datetime64
    tastes: Tastes
    sellable: NDArray[np.bool_]  # (products,)
    interest: sp.csr_matrix  # (customers, products), probabilities
    weights: Weights

    @classmethod
    def of(
        cls,
        shop: Shop,
        *,
        as_of: np.datetime64,
        sellable: NDArray[np.bool_] | None = None,
        interest: sp.csr_matrix | None = None,
        weights: Weights | None = None,
    ) -> Recommender:
        """From what `shop` knew before `as_of`.

        `sellable` (products of shop,) is false for what must not be shown: out of stock, retired,
        not launched. `interest` (customers, products) of shop holds probabilities known then.
        """
        known = shop.before(as_of)
        products = np.flatnonzero(np.isin(shop.products.sku, known.products.sku))
        customers = np.flatnonzero(np.isin(shop.customers.id, known.customers.id))
        if interest is None:
            interest = sp.csr_matrix((len(shop.customers), len(shop.products)))
        return cls(
            known,
            as_of,
            Tastes.of(known),
            np.ones(len(products), dtype=bool) if sellable is None else sellable[products],
            sp.csr_matrix(interest[customers][:, products]),
            weights or Weights(),
        )

    @cached_property
    def alike(self) -> sp.csr_matrix:
        """(products, products): see `likeness.alike`."""
        return likeness.alike(self.known.products)

    @cached_property
    def together(self) -> sp.csr_matrix:
        """(products, products): see `likeness.bought_together`."""
        return likeness.bought_together(self.tastes.bought)

    @cached_property
    def spoken_for_by_likeness(self) -> sp.csr_matrix:
        """`alike` turned round, so that a block of customers is multiplied with it at once."""
        return sp.csr_matrix(self.alike.T)

    @cached_property
    def spoken_for_by_purchases(self) -> sp.csr_matrix:
        """`together` turned round."""
        return sp.csr_matrix(self.together.T)

    @cached_property
    def is_new(self) -> NDArray[np.bool_]:
        """(products,): nobody had bought it yet, nor brought it back."""
        events = self.known.events
        sold = events.product[np.isin(events.kind, (PURCHASE, RETURN))]
        is_new: NDArray[np.bool_] = np.bincount(sold, minlength=len(self.known.products)) == 0
        return is_new

    @cached_property
    def is_fresh(self) -> NDArray[np.bool_]:
        """(products,): nobody had bought it yet, and it has been on sale for FRESH_DAYS at most."""
        is_fresh: NDArray[np.bool_] = self.is_new & (
            self.known.new_at > self.as_of - days(FRESH_DAYS)
        )
        return is_fresh

    @cached_property
    def popularity(self) -> NDArray[np.float64]:
        """(products,) in [0, 1]; what nobody has bought is as popular as the products like it."""
        popular = likeness.popularity(self.known)
        near = self.alike[self.is_new]
        popular[self.is_new] = (near @ popular) / np.maximum(np.asarray(near.sum(1)).ravel(), 1e-9)
        return scaled(popular)

    def lists(
        self, customers: NDArray[np.integer], *, count: int, only_new: bool = False
    ) -> Iterator[Lists]:
        """The lists of these customers (positions in `known`), block by block, in their order."""
        offered = self.sellable & (self.is_new | (not only_new))
        candidates = min(CANDIDATES * count, len(self.known.products))
        widest = max(len(self.known.products), candidates**2, 1)  # of what a customer takes
        step = min(max(likeness.CELLS // widest, 1), MOST_ROWS)
        for start in range(0, len(customers) if offered.any() else 0, step):
            block = _Block(self, customers[start : start + step], offered)
            yield block.lists(count=count, only_new=only_new)


@dataclass(frozen=True)
class _Block:
    """Some customers against all products, densely."""

    recommender: Recommender
    rows: NDArray[np.integer]
    offered: NDArray[np.bool_]  # (products,)

    @cached_property
    def parts(self) -> NDArray[np.float64]:
        """(SOURCES, rows, products): what each source adds to the score."""
        made, liking = self.recommender, self.recommender.tastes.liking[self.rows]
        parts = np.empty((len(SOURCES), *self._bought.shape))
        parts[CONTENT] = (liking @ made.spoken_for_by_likeness).toarray()
        parts[CO_PURCHASE] = (liking @ made.spoken_for_by_purchases).toarray()
        parts[POPULARITY] = made.popularity
        parts[INTEREST] = made.interest[self.rows].toarray()
        parts[:, self._bought] = 0  # what is left out does not set the scale
        parts = scaled(parts)
        parts *= made.weights.of_sources()[:, None, None]
        return parts

    @cached_property
    def score_among_new(self) -> NDArray[np.float64]:
        """(rows, products): the merged score of all sources, -inf for what must not be shown."""
        return self._left_in(self.parts.sum(axis=0))

    @cached_property
    def score(self) -> NDArray[np.float64]:
        """The same without interest: that is predicted for new products alone, so it chooses among
        them and does not push them all before the known."""
        return self._left_in(self.parts[:INTEREST].sum(axis=0))

    def _left_in(self, score: NDArray[np.float64]) -> NDArray[np.float64]:
        left_out = self._bought | (self._averse >= 1) | ~self.offered
        return np.where(left_out, -np.inf, score * np.maximum(1 - self._averse, 0))

    @cached_property
    def _averse(self) -> NDArray[np.float64]:
        """(rows, products): likeness to what is disliked, 1 and more for what is not shown."""
        made = self.recommender
        likeness = (made.tastes.disliked[self.rows] @ made.spoken_for_by_likeness).toarray()
        averse: NDArray[np.float64] = likeness * made.weights.aversion
        return averse

    @cached_property
    def _bought(self) -> NDArray[np.bool_]:
        bought: NDArray[np.bool_] = self.recommender.tastes.bought[self.rows].toarray() > 0
        return bought

    def lists(self, *, count: int, only_new: bool) -> Lists:
        """The entries, each with the products that spoke most for it."""
        new_every = self.recommender.weights.new_every
        product, worth = self._chosen(self.score_among_new if only_new else self.score, count)
        if not only_new and 0 < new_every <= product.shape[1]:
            product, worth = self._with_new(product, worth, every=new_every)
        row, place = np.nonzero(np.isfinite(worth))
        product, worth = product[row, place], worth[row, place]
        source = self._sources(row, product)
        customer = self.rows[row]
        named, deed = self._named(customer, product, source)
        return Lists(
            customer=customer.astype(np.int32),
            rank=(place + 1).astype(np.int16),
            product=product.astype(np.int32),
            score=np.round(worth, 6),
            source=source.astype(np.int8),
            is_new=self.recommender.is_new[product],
            named=named,
            deed=deed,
        )

    def _sources(
        self, row: NDArray[np.integer], product: NDArray[np.integer]
    ) -> NDArray[np.integer]:
        """The source that adds most; what nobody has bought yet is never called popular."""
        parts = self.parts[:, row, product]
        parts[POPULARITY, self.recommender.is_new[product]] = -1
        source: NDArray[np.integer] = parts.argmax(axis=0)
        return source

    def _chosen(
        self, score: NDArray[np.float64], count: int
    ) -> tuple[NDArray[np.integer], NDArray[np.float64]]:
        """(rows, count) products and what they were chosen with, -inf where there is none."""
        top = likeness.top_places(score, count=CANDIDATES * count)
        places, worth = diverse_order(
            np.take_along_axis(score, top, axis=1),
            self.recommender.known.products.embedding[top],
            count=count,
            sameness=self.recommender.weights.sameness,
        )
        return np.take_along_axis(top, places, axis=1), worth

    def _with_new(
        self, product: NDArray[np.integer], worth: NDArray[np.float64], *, every: int
    ) -> tuple[NDArray[np.integer], NDArray[np.float64]]:
        """The same with new products among them; such an entry takes the score above it."""
        new = np.flatnonzero(self.recommender.is_fresh & self.offered)
        score = self.score_among_new
        best = new[likeness.top_places(score[:, new], count=product.shape[1])]
        product, worth = product.copy(), worth.copy()
        for row in range(len(product) if len(new) else 0):
            some = np.isfinite(worth[row])
            own = dict(zip(product[row, some].tolist(), worth[row, some].tolist(), strict=True))
            wanted = best[row][np.isfinite(score[row, best[row]])].tolist()
            mixed = with_new(list(own), is_new=self.recommender.is_fresh, new=wanted, every=every)
            product[row, some] = mixed
            worth[row, some] = falling([own.get(one) for one in mixed])
        return product, worth

    def _named(
        self,
        customer: NDArray[np.integer],
        product: NDArray[np.integer],
        source: NDArray[np.integer],
    ) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
        made = self.recommender
        named = np.full((len(product), NAMED), NOBODY, dtype=np.int32)
        deed = np.full(len(product), NOBODY, dtype=np.int8)
        for relation, sources in (
            (made.alike, (CONTENT, INTEREST)),
            (made.together, (CO_PURCHASE,)),
        ):
            entries = np.flatnonzero(np.isin(source, sources))
            liking = made.tastes.liking[customer[entries]]
            voices = sp.csr_matrix(liking.multiply(relation[product[entries]]))
            deeds = made.tastes.deeds[customer[entries]]
            named[entries], deed[entries] = loudest(voices, deeds=deeds)
        return named, deed
