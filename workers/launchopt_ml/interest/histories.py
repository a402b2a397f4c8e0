"""What each customer did before an instant, as matrices that votes and rates are taken from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.random import Generator
from numpy.typing import NDArray

from launchopt_ml.interest.season import Season, seasonal
from launchopt_ml.shop import KINDS, PURCHASE, RETURN, Events, Shop, in_days

RECENT_DAYS = 60.0
NOVEL_DAYS = 45.0
SEASON_DAYS = 90.0  # ahead, whose like a year ago speaks, too
NO_PURCHASE_DAYS = 730.0
SIGNAL = {
    "view": 0.1,
    "click": 0.2,
    "favourite": 0.6,
    "cart": 0.6,
    "purchase": 1.0,
    "rating": 0.3,
    "review": 0.3,
    "like": 0.6,
    "share": 0.5,
    "comment": 0.3,
}


@dataclass(frozen=True)
class Histories:
    """Customers x known products as of an instant, and what is true of a customer alone."""

    shop: Shop
    as_of: np.datetime64
    bought: sp.csr_matrix  # 1 where the customer ever bought it
    taste: sp.csr_matrix  # every signal, fading with RECENT_DAYS; loud again in its season
    novel: sp.csr_matrix  # 1 where bought within NOVEL_DAYS of being new
    fresh: sp.csr_matrix  # the same, fading with NOVEL_DAYS
    lately: sp.csr_matrix  # 1 where bought within RECENT_DAYS; up to 1 in its season a year ago
    amount: sp.csr_matrix  # logarithm of the pieces of each purchase, summed
    rare: sp.csr_matrix  # bought, divided by the root of how many did
    orders: sp.csr_matrix  # (orders, known products), what was bought by one customer on one day
    customers: NDArray[np.str_]  # ids, in the order of the rows
    traits: NDArray[np.float32]  # (customers, TRAITS)
    log_price: NDArray[np.float64]  # what a customer usually pays, NaN without purchase
    log_price_spread: NDArray[np.float64]

    @classmethod
    def of(cls, shop: Shop, *, as_of: np.datetime64) -> Histories:
        """The histories in what `shop` knew before `as_of`, customers by id, products by sku."""
        shop = shop.before(as_of).in_order()
        events, shape = shop.events, (len(shop.customers), len(shop.products))
        age = in_days(as_of - events.time)
        bought = events.kind == PURCHASE
        novel = bought & (in_days(events.time - shop.new_at[events.product]) < NOVEL_DAYS)
        recent = bought & (age < RECENT_DAYS)
        again = _loud_again(events, as_of=as_of, recent=recent, products=shape[1])
        seen = _seen(events, bought, shape=shape)
        buyers = np.maximum(np.asarray(seen.sum(0)).ravel(), 1)
        signal = np.array([SIGNAL.get(kind, 0.0) for kind in KINDS])[events.kind]
        middle, spread = _usual_price(shop, bought=bought)
        return cls(
            shop,
            as_of,
            seen,
            _added(events, signal * np.maximum(np.exp(-age / RECENT_DAYS), again), shape=shape),
            _seen(events, novel, shape=shape),
            _added(events, novel * np.exp(-age / NOVEL_DAYS), shape=shape),
            _loudest(events, np.maximum(recent, again), shape=shape),
            _added(events, bought * np.log1p(events.quantity), shape=shape),
            sp.csr_matrix(seen @ sp.diags(1 / np.sqrt(buyers))),
            orders_of(events.take(bought), products=shape[1]),
            shop.customers.id,
            traits_of(shop, as_of=as_of),
            middle,
            spread,
        )

    def sampled(self, most: int, *, rng: Generator) -> Histories:
        """The histories of at most so many customers, in their order."""
        count = len(self.customers)
        if count <= most:
            return self
        rows = np.sort(rng.choice(count, most, replace=False))
        votes = ("bought", "taste", "novel", "fresh", "lately", "amount", "rare")
        alone = ("customers", "traits", "log_price", "log_price_spread")
        return replace(self, **{name: getattr(self, name)[rows] for name in votes + alone})


def orders_of(purchases: Events, *, products: int) -> sp.csr_matrix:
    """(orders, products): 1 for what one customer bought on one day."""
    day = purchases.time.astype("datetime64[D]").astype(np.int64)
    order = np.unique(np.stack([purchases.customer, day]), axis=1, return_inverse=True)[1].ravel()
    shape = (int(order.max(initial=-1)) + 1, products)
    bought = sp.csr_matrix((np.ones(len(order)), (order, purchases.product)), shape=shape)
    bought.data[:] = 1.0
    return bought


def _added(events: Events, weight: NDArray[np.float64], *, shape: tuple[int, int]) -> sp.csr_matrix:
    some = weight > 0
    place = (events.customer[some], events.product[some])
    return sp.csr_matrix((weight[some], place), shape=shape)


def _seen(events: Events, rows: NDArray[np.bool_], *, shape: tuple[int, int]) -> sp.csr_matrix:
    matrix = _added(events, rows.astype(np.float64), shape=shape)
    matrix.data[:] = 1.0
    return matrix


def _loudest(
    events: Events, weight: NDArray[np.float64], *, shape: tuple[int, int]
) -> sp.csr_matrix:
    """The largest weight of each customer and product."""
    some = np.flatnonzero(weight)
    order = some[np.argsort(-weight[some], kind="stable")]
    pair = events.customer[order].astype(np.int64) * max(shape[1], 1) + events.product[order]
    _, first = np.unique(pair, return_index=True)  # of each pair, where it is loudest
    loudest = order[first]
    place = (events.customer[loudest], events.product[loudest])
    return sp.csr_matrix((weight[loudest], place), shape=shape)


def _loud_again(
    events: Events, *, as_of: np.datetime64, recent: NDArray[np.bool_], products: int
) -> NDArray[np.float64]:
    """(events,): how much a purchase of the coming season a year ago speaks of it, 0 for others.

    The more, the better its product sold then than lately: what sells all year is not of a season.
    """
    season = Season.of(events, as_of=as_of, length=SEASON_DAYS)
    share = seasonal(season, events, lately=recent, length=RECENT_DAYS, products=products)
    return np.where(season.purchases(events), share[events.product], 0.0)


def _usual_price(
    shop: Shop, *, bought: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and spread of the logarithm of prices paid, by customer."""
    events = shop.events.take(bought)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_price = np.log(events.price.astype(np.float64))
    known = np.isfinite(log_price)
    who, price, count = events.customer[known], log_price[known], len(shop.customers)
    number = np.bincount(who, minlength=count).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.bincount(who, price, count) / number
        square = np.bincount(who, price**2, count) / number
    return mean, np.sqrt(np.maximum(square - mean**2, 0))


TRAITS = (
    "products_bought",
    "order_days",
    "bought_in_30_days",
    "bought_in_60_days",
    "bought_in_120_days",
    "days_since_purchase",
    "days_known",
    "orders_a_day",
    "waiting",
    "novelties_bought",
    "novelty_share",
    "novelties_lately",
    "quantity",
    "spend",
    "returns",
    "signals_lately",
)


def traits_of(shop: Shop, *, as_of: np.datetime64) -> NDArray[np.float32]:
    """(customers, TRAITS): counts and lengths by their logarithm."""
    events = shop.events
    age = in_days(as_of - events.time)
    bought = events.kind == PURCHASE
    novel = bought & (in_days(events.time - shop.new_at[events.product]) < NOVEL_DAYS)
    count = _Counter(shop, age)
    order_days = count.days(bought)
    products = count.products(bought)
    last, first = count.youngest(bought), count.oldest()
    novelties = count.products(novel)
    columns = {
        "products_bought": np.log1p(products),
        "order_days": np.log1p(order_days),
        "bought_in_30_days": np.log1p(count.products(bought & (age < 30))),
        "bought_in_60_days": np.log1p(count.products(bought & (age < 60))),
        "bought_in_120_days": np.log1p(count.products(bought & (age < 120))),
        "days_since_purchase": np.log1p(last),
        "days_known": np.log1p(first),
        "orders_a_day": np.log1p(30 * order_days / (first + 7)),
        "waiting": np.log1p(last * order_days / (first + 7)),
        "novelties_bought": np.log1p(novelties),
        "novelty_share": (novelties + 0.5) / (products + 5),
        "novelties_lately": np.log1p(count.products(novel & (age < 90))),
        "quantity": count.mean(np.log1p(events.quantity), bought),
        "spend": np.log1p(count.total(_paid(events), bought)),
        "returns": np.log1p(count.total(np.ones(len(events)), events.kind == RETURN)),
        "signals_lately": np.log1p(count.total(np.exp(-age / 30), ~bought)),
    }
    return np.column_stack([columns[name] for name in TRAITS]).astype(np.float32)


def _paid(events: Events) -> NDArray[np.float64]:
    """Price by quantity, single rows capped at their 99.9th percentile against outliers."""
    paid = np.nan_to_num(events.price.astype(np.float64)) * events.quantity
    return np.minimum(paid, np.quantile(paid, 0.999)) if len(paid) else paid


@dataclass(frozen=True)
class _Counter:
    """Counts by customer over some of the events."""

    shop: Shop
    age: NDArray[np.float64]

    def total(self, value: NDArray[np.floating], rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        who = self.shop.events.customer[rows]
        return np.bincount(who, value[rows], len(self.shop.customers)).astype(np.float64)

    def mean(self, value: NDArray[np.floating], rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        return self.total(value, rows) / np.maximum(self.total(np.ones(len(rows)), rows), 1)

    def products(self, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        events = self.shop.events
        width = max(len(self.shop.products), 1)
        pairs = np.unique(events.customer[rows].astype(np.int64) * width + events.product[rows])
        return np.bincount(pairs // width, minlength=len(self.shop.customers)).astype(float)

    def days(self, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        day = self.age[rows].astype(np.int64)
        width = int(day.max(initial=0)) + 1
        pairs = np.unique(self.shop.events.customer[rows].astype(np.int64) * width + day)
        return np.bincount(pairs // width, minlength=len(self.shop.customers)).astype(float)

    def youngest(self, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        last = np.full(len(self.shop.customers), NO_PURCHASE_DAYS)
        np.minimum.at(last, self.shop.events.customer[rows], self.age[rows])
        return last

    def oldest(self) -> NDArray[np.float64]:
        first = np.zeros(len(self.shop.customers))
        np.maximum.at(first, self.shop.events.customer, self.age)
        return first
