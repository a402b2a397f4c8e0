"""Generated histories of any number of customers: tastes by topic, products that come one by one.

They are made to have the size and the columns of a large shop's, not its truth: quality measured on
them says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.shops import embedded
from launchopt_ml.shop import KINDS, Customers, Events, Products, Shop, days, in_days, instant

START = instant("2025-01-01")
LENGTH_DAYS = 365.0
TOPICS = 40
THINGS = ("lamp", "mug", "scarf", "chair", "kettle", "clock", "bag", "frame", "bowl", "candle")
LOOKS = ("oak", "linen", "blue", "striped", "heart", "brass", "floral", "vintage")
KIND_SHARES = {"view": 0.55, "cart": 0.1, "purchase": 0.35}
FAITH = 0.6  # the share of events that are about a topic the customer likes
EVENTS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Size:
    """How large a shop."""

    customers: int
    known_products: int = 2_000
    new_products: int = 10
    events_per_customer: float = 8.0


def generated(size: Size, *, rng: Generator) -> tuple[Shop, Products]:
    """A year of such a shop, and the products to be launched at its end."""
    products = _products(size, rng=rng)
    events = _events(size, products, rng=rng)
    joined = np.full(size.customers, START)
    names = np.char.add("C", np.char.zfill(np.arange(size.customers).astype("U8"), 8))
    known = np.arange(size.known_products)
    shop = Shop(products.take(known), Customers(names, joined), events)
    return shop, products.take(np.arange(size.known_products, len(products)))


def _products(size: Size, *, rng: Generator) -> Products:
    """Those known appear over the year, the first half before it begins; the last are new."""
    count = size.known_products + size.new_products
    topic = np.arange(count) % TOPICS
    things = np.array(THINGS)[topic % len(THINGS)]
    first, second = (np.array(LOOKS)[(topic + rng.integers(0, 3, count)) % 8] for _ in range(2))
    words = zip(first, second, things, np.arange(count), strict=True)
    texts = [f"{a} {b} {thing} no {number}" for a, b, thing, number in words]
    since = np.maximum(rng.uniform(-LENGTH_DAYS, LENGTH_DAYS, count), 0)
    since[size.known_products :] = LENGTH_DAYS
    return Products(
        sku=np.array([f"P{number:06}" for number in range(count)]),
        text=np.array(texts, dtype=object),
        category=things,
        price=np.round(np.exp(rng.normal(2, 0.7, count)), 2),
        new_at=START + (since * 86_400_000_000).astype("timedelta64[us]"),
        embedding=embedded(texts),
    )


def _events(size: Size, products: Products, *, rng: Generator) -> Events:
    """Oldest first."""
    lengths = rng.geometric(1 / size.events_per_customer, size.customers)
    who = np.repeat(np.arange(size.customers, dtype=np.int32), lengths)
    parts = [
        _choices(who[start : start + EVENTS_AT_ONCE], size, rng=rng)
        for start in range(0, len(who), EVENTS_AT_ONCE)
    ]
    what = np.concatenate(parts)
    since = in_days(products.new_at - START).astype(np.float32)[what]
    at = since + (LENGTH_DAYS - since) * rng.random(len(who), dtype=np.float32)
    order = np.argsort(at, kind="stable")
    kinds = [KINDS.index(kind) for kind in KIND_SHARES]
    kind = rng.choice(np.array(kinds, dtype=np.int8), len(who), p=list(KIND_SHARES.values()))
    return Events(
        customer=who[order],
        product=what[order],
        kind=kind,
        quantity=np.ones(len(who), dtype=np.float32),
        price=products.price.astype(np.float32)[what[order]],
        time=START + (at[order] * 86_400_000).astype(np.int64).astype("timedelta64[ms]"),
    )


def _choices(who: NDArray[np.int32], size: Size, *, rng: Generator) -> NDArray[np.int32]:
    """A product for each event, of one of the customer's two topics as often as FAITH says."""
    first, second = who * 7 % TOPICS, who * 13 % TOPICS
    liked = np.where(rng.random(len(who)) < 0.5, first, second)
    topic = np.where(rng.random(len(who)) < FAITH, liked, rng.integers(0, TOPICS, len(who)))
    depth = size.known_products // TOPICS
    place = (depth * rng.random(len(who)) ** 2).astype(np.int32)  # the first of a topic sell most
    return (topic + TOPICS * place).astype(np.int32)


def some_customers(shop: Shop, *, count: int, rng: Generator) -> Shop:
    """The shop with no more than so many of its customers, by chance."""
    if len(shop.customers) <= count:
        return shop
    chosen = np.sort(rng.choice(len(shop.customers), count, replace=False))
    place = np.full(len(shop.customers), -1, dtype=np.int32)
    place[chosen] = np.arange(count, dtype=np.int32)
    events = shop.events.take(place[shop.events.customer] >= 0)
    moved = Events(
        place[events.customer],
        events.product,
        events.kind,
        events.quantity,
        events.price,
        events.time,
    )
    return Shop(shop.products, shop.customers.take(chosen), moved)


def end() -> np.datetime64:
    """The instant at which the year ends."""
    return START + days(LENGTH_DAYS)
