"""Every customer's list, made in blocks of customers, from what was known before an instant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from launchopt_ml.recommendation import exploration, likeness
from launchopt_ml.recommendation.chances import Ranker, activity_of
from launchopt_ml.recommendation.explain import NAMED, NOBODY, loudest
from launchopt_ml.recommendation.places import NOTHING, slots_of
from launchopt_ml.recommendation.ranking import (
    CO_PURCHASE,
    CONTENT,
    EXPLORATION,
    INTEREST,
    Weights,
    diverse_order,
    scaled,
)
from launchopt_ml.recommendation.scoring import DIGITS, Scored
from launchopt_ml.recommendation.seating import Drawn, Seats, seated
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
    score: NDArray[np.float64]  # a chance; never rises with the rank, but for what was drawn
    source: NDArray[np.int8]  # position in SOURCES
    propensity: NDArray[np.float64]  # with which chance put it there; NaN where its score did
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
    ranker: Ranker

    @classmethod
    def of(
        cls,
        shop: Shop,
        *,
        as_of: np.datetime64,
        sellable: NDArray[np.bool_] | None = None,
        interest: sp.csr_matrix | None = None,
        weights: Weights | None = None,
        ranker: Ranker | None = None,
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
            ranker or Ranker(),
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
    def activity(self) -> NDArray[np.float64]:
        """(customers, 2): see `activity_of`."""
        return activity_of(self.known, as_of=self.as_of)

    @property
    def offset(self) -> NDArray[np.float64]:
        """(customers,): the log-odds of what no source speaks for."""
        return self.ranker.offset(self.activity)

    @cached_property
    def hashes(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Of customers and of products, for what is drawn."""
        customers, products = self.known.customers.id, self.known.products.sku
        return exploration.hashed(customers.tolist()), exploration.hashed(products.tolist())

    @property
    def today(self) -> NDArray[np.int64]:
        """The day of the lists as whole days since 1970."""
        return np.asarray(self.as_of.astype("datetime64[D]").astype(np.int64))

    @cached_property
    def has_predictions(self) -> bool:
        """Whether interest in any of the fresh products was predicted."""
        return bool(self.interest[:, self.is_fresh].nnz)

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
            block = _Block(Scored(self, customers[start : start + step], offered))
            yield block.lists(count=count, only_new=only_new)


@dataclass(frozen=True)
class _Block:
    """The lists of some customers."""

    scored: Scored

    @property
    def made(self) -> Recommender:
        return self.scored.made

    def lists(self, *, count: int, only_new: bool) -> Lists:
        """The entries, each with the products that spoke most for it."""
        score = self.scored.among_new if only_new else self.scored.among_all
        every = 0 if only_new else self.made.weights.every
        seats = self._seats(*self._chosen(score, count), every=every)
        row, place = np.nonzero(seats.product != NOTHING)
        product, propensity = seats.product[row, place], seats.propensity[row, place]
        source = self.scored.sources(row, product)
        if not only_new:
            source[self.scored.is_predicted[row, product]] = INTEREST
        source[~np.isnan(propensity)] = EXPLORATION
        customer = self.scored.rows[row]
        named, deed = self._named(customer, product, source)
        return Lists(
            customer=customer.astype(np.int32),
            rank=(place + 1).astype(np.int16),
            product=product.astype(np.int32),
            score=np.round(seats.score[row, place], DIGITS),
            source=source.astype(np.int8),
            propensity=propensity,
            is_new=self.made.is_new[product],
            named=named,
            deed=deed,
        )

    def _chosen(
        self, score: NDArray[np.float64], count: int
    ) -> tuple[NDArray[np.integer], NDArray[np.float64]]:
        """(rows, count) products and what they were chosen with, NOTHING where there is none."""
        top = likeness.top_places(score, count=CANDIDATES * count)
        places, worth = diverse_order(
            np.take_along_axis(score, top, axis=1),
            self.made.known.products.embedding[top],
            count=count,
            sameness=self.made.weights.sameness,
        )
        return np.where(np.isfinite(worth), np.take_along_axis(top, places, axis=1), NOTHING), worth

    def _seats(
        self, product: NDArray[np.integer], worth: NDArray[np.float64], *, every: int
    ) -> Seats:
        """The ranked, as many as there are, with new products drawn among them."""
        count = product.shape[1]
        slots = slots_of(count, every=every)
        drawn = self._drawn(product[:, : count - slots], count=slots)
        return seated(product, self.scored.chance(worth), drawn, count=count, every=every)

    def _drawn(self, ranked: NDArray[np.integer], *, count: int) -> Drawn:
        """So many fresh products that do not stand among the ranked."""
        made = self.made
        pool = np.flatnonzero(made.is_fresh & self.scored.offered)
        weight = self.scored.weight[:, pool]
        row, rank = np.nonzero(made.is_fresh[ranked] & (ranked != NOTHING))
        weight[row, np.searchsorted(pool, ranked[row, rank])] = 0
        customers, products = made.hashes
        chance = exploration.uniform(customers[self.scored.rows, None], products[pool], made.today)
        time = exploration.times(chance, weight=weight)
        place, propensity = exploration.drawn(time, weight=weight, count=count)
        weight = np.take_along_axis(weight, place, axis=1)
        return Drawn(np.where(propensity > 0, pool[place], NOTHING), weight, propensity)

    def _named(
        self,
        customer: NDArray[np.integer],
        product: NDArray[np.integer],
        source: NDArray[np.integer],
    ) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
        made = self.made
        named = np.full((len(product), NAMED), NOBODY, dtype=np.int32)
        deed = np.full(len(product), NOBODY, dtype=np.int8)
        for relation, sources in (
            (made.alike, (CONTENT,)),
            (made.together, (CO_PURCHASE,)),
        ):
            entries = np.flatnonzero(np.isin(source, sources))
            liking = made.tastes.liking[customer[entries]]
            voices = sp.csr_matrix(liking.multiply(relation[product[entries]]))
            deeds = made.tastes.deeds[customer[entries]]
            named[entries], deed[entries] = loudest(voices, deeds=deeds)
        return named, deed
