"""A shop from a seed: products, customers with lists, a year of events in monthly partitions."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from django.utils import timezone

from launchopt.audiences.models import Customer, Recommendation
from launchopt.audiences.partitions import ensure_partitions
from launchopt.audiences.recommendations import replace_lists
from launchopt.catalog.models import Product
from launchopt.operations.bulk import copy_frame

LISTED = 20


def build(*, customers: int, products: int, events: int, seed: int) -> None:
    """Fill an empty database; does nothing where the shop stands already."""
    if Recommendation.objects.exists():
        return
    rng, now = np.random.default_rng(seed), timezone.now()
    _products(products, now=now)
    _customers(customers, now=now)
    product_ids = np.array(Product.objects.values_list("pk", flat=True))
    customer_ids = np.array(Customer.objects.values_list("pk", flat=True))
    _lists(customer_ids, product_ids, rng=rng, now=now)
    _events(customer_ids, product_ids, count=events, rng=rng, now=now)


def _products(count: int, *, now: datetime) -> None:
    rows = [
        Product(
            sku=f"SKU-{n}",
            title=f"White ceramic lantern with {n} hearts",
            price=1 + n / 100,
            currency="GBP",
            url=f"https://shop.example/p/{n}",
            created_at=now,
            updated_at=now,
        )
        for n in range(count)
    ]
    Product.objects.bulk_create(rows, batch_size=2000)


def _customers(count: int, *, now: datetime) -> None:
    rows = [
        Customer(external_id=f"customer-{n}", created_at=now, updated_at=now) for n in range(count)
    ]
    Customer.objects.bulk_create(rows, batch_size=2000)


def _lists(
    customers: np.ndarray, products: np.ndarray, *, rng: np.random.Generator, now: datetime
) -> None:
    picks = rng.integers(0, len(products) - LISTED, len(customers))
    places = (picks[:, None] + np.arange(LISTED)).ravel()
    rank = np.tile(np.arange(1, LISTED + 1), len(customers))
    rows = pl.DataFrame(
        {
            "customer_id": np.repeat(customers, LISTED),
            "product_id": products[places],
            "rank": rank,
            "score": 2 / rank,
            "source": ["co_purchase"] * len(rank),
            "propensity": [None] * len(rank),
            "reason": ["Because you bought White ceramic lantern with 7 hearts: this is similar."]
            * len(rank),
            "is_new": [False] * len(rank),
        }
    )
    as_of = now - timedelta(hours=8)
    replace_lists(rows, customer_ids=customers.tolist(), as_of=as_of, now=now)


def _events(
    customers: np.ndarray,
    products: np.ndarray,
    *,
    count: int,
    rng: np.random.Generator,
    now: datetime,
) -> None:
    since = now - timedelta(days=365)
    ensure_partitions(since=since, until=now + timedelta(days=92))
    seconds = np.sort(rng.random(count)) * 365 * 86_400
    start = since.astimezone(UTC).replace(tzinfo=None)
    rows = pl.DataFrame(
        {
            "message_id": [str(uuid.UUID(int=n + 1)) for n in range(count)],
            "customer_id": rng.choice(customers, count),
            "product_id": rng.choice(products, count),
            "kind": rng.choice(["view", "view", "view", "cart", "purchase"], count),
            "occurred_at": np.datetime64(start, "us") + (seconds * 1e6).astype("timedelta64[us]"),
            "received_at": np.full(count, np.datetime64(start, "us")),
            "quantity": np.ones(count, dtype=np.int64),
            "currency": [""] * count,
        }
    ).with_columns(
        *(pl.lit("").alias(name) for name in ("order_id", "session", "text")),
        is_randomised=pl.lit(value=False),
    )
    copy_frame(rows, table="launchopt_audiences_event")
