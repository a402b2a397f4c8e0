"""Small shops whose answers are known by construction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from launchopt_ml.shop import PURCHASE, Customers, Events, Products, Shop, days, instant

START = instant("2024-01-01")
TOPICS = ("garden spade soil seed", "kitchen pan knife bowl", "desk pen paper ink")


def shop_of_tastes(
    *, customers: int = 240, products: int = 120, length: float = 240, seed: int = 0
) -> Shop:
    """Each customer likes one topic and buys almost only that; a product appears every few days."""
    rng = np.random.default_rng(seed)
    topic = np.arange(products) % len(TOPICS)
    liking = np.arange(customers) % len(TOPICS)
    words = [rng.permutation(TOPICS[t].split())[:3] for t in topic]
    appears = START + np.array([days(length * n / products) for n in range(products)])
    rows = []
    for product in range(products):
        chance = np.where(liking == topic[product], 0.3, 0.01)
        for customer in np.flatnonzero(rng.random(customers) < chance):
            rows.append((customer, product, appears[product] + days(float(rng.uniform(0, 25)))))
    rows.sort(key=lambda row: row[2])
    who, what, when = (np.array(column) for column in zip(*rows, strict=True))
    return Shop(
        Products(
            sku=np.array([f"P{n:03}" for n in range(products)]),
            text=np.array([" ".join(w) + f" {n}" for n, w in enumerate(words)], dtype=object),
            category=np.array([TOPICS[t].split()[0] for t in topic]),
            price=np.full(products, 10.0),
            new_at=appears,
            embedding=np.eye(len(TOPICS), 8, dtype=np.float32)[topic],
        ),
        Customers(
            np.array([f"C{n:03}" for n in range(customers)]),
            np.full(customers, START),
        ),
        Events(
            customer=who.astype(np.int32),
            product=what.astype(np.int32),
            kind=np.full(len(who), PURCHASE, dtype=np.int8),
            quantity=np.ones(len(who), dtype=np.float32),
            price=np.full(len(who), 10, dtype=np.float32),
            time=when.astype("datetime64[us]"),
        ),
    )


def with_more_events(shop: Shop, *, after: np.datetime64, count: int, seed: int) -> Shop:
    """The shop with events at random from `after` on."""
    rng = np.random.default_rng(seed)
    columns = {
        "customer": rng.integers(0, len(shop.customers), count).astype(np.int32),
        "product": rng.integers(0, len(shop.products), count).astype(np.int32),
        "kind": np.full(count, PURCHASE, dtype=np.int8),
        "quantity": np.ones(count, dtype=np.float32),
        "price": np.full(count, 99, dtype=np.float32),
        "time": after + np.sort(rng.integers(0, 10**12, count)).astype("timedelta64[us]"),
    }
    both = {name: np.concatenate([getattr(shop.events, name), columns[name]]) for name in columns}
    order = np.argsort(both["time"], kind="stable")
    return replace(shop, events=Events(**both).take(order))


def with_products_shuffled(shop: Shop, *, seed: int) -> Shop:
    """The same shop whose products come in another order."""
    order = np.random.default_rng(seed).permutation(len(shop.products))
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order))
    events = replace(shop.events, product=place[shop.events.product])
    return Shop(shop.products.take(order), shop.customers, events)


def with_customers_shuffled(shop: Shop, *, seed: int) -> Shop:
    """The same shop whose customers come in another order."""
    order = np.random.default_rng(seed).permutation(len(shop.customers))
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order))
    events = replace(shop.events, customer=place[shop.events.customer])
    return Shop(shop.products, shop.customers.take(order), events)
