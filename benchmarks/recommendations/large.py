"""A large shop from a seed, in COPYs: tastes, a year of purchases, scores, lists, and a model."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from django.utils import timezone

from launchopt.audiences.interest import save_interest_scores
from launchopt.audiences.models import Customer, InterestScore, Recommendation
from launchopt.audiences.newcomers import note_offered
from launchopt.audiences.partitions import ensure_partitions
from launchopt.audiences.recommendations import General, keep_strangers_list, replace_lists
from launchopt.catalog.models import Product
from launchopt.catalog.services import save_products
from launchopt.operations.bulk import copy_frame
from launchopt.operations.models import ModelVersion
from launchopt.operations.runs import Work
from launchopt_ml.interest.model import LaunchInterest
from launchopt_ml.shop import instant
from launchopt_workers.prediction.reading import encoder_name, read_texts
from launchopt_workers.prediction.shops import stored_shop
from launchopt_workers.prediction.versions import register, version_for

THINGS = ("lantern", "mug", "kettle", "cushion", "clock", "basket", "tray", "candle", "rug", "vase")
KINDS = ("ceramic", "wooden", "silver", "woollen", "glass", "paper", "copper", "cotton")
LOOKS = ("red", "blue", "striped", "dotted", "plain", "tall", "small", "vintage", "folding", "gold")
REASON = "Because you bought red ceramic lantern no 0: customers who bought it also bought this."
LISTED = 20
EVERY = 5
STEP = 20_000
LEARNED_FROM = 3_000  # customers: a model of any shop scores as fast as one of this
YEAR = 365


def build(*, customers: int, products: int, new: int, orders: int, seed: int) -> None:
    """Fill an empty database, with `orders` purchases a customer; the second time keep the shop.

    Where the code has outgrown the model that was kept with it, another is learned.
    """
    rng, now = np.random.default_rng(seed), timezone.now()
    if Recommendation.objects.exists():
        if version_for(now) is None:
            _model(now=now)
        return
    save_products(_products(products, new=new, now=now), now=now - timedelta(days=YEAR))
    _customers(customers, now=now)
    ids = np.array(Customer.objects.order_by("pk").values_list("pk", flat=True))
    known, fresh = _product_ids(products)
    read_texts(Work(None, clock=timezone.now))
    _purchases(ids, known, count=customers * orders, rng=rng, now=now)
    _scores(ids, fresh, rng=rng, now=now)
    _lists(ids, known, rng=rng, now=now)


def _products(count: int, *, new: int, now: datetime) -> list[dict[str, str]]:
    """Titles from a few words, so that products are alike; the last `new` have just come."""
    return [
        {
            "sku": f"SKU-{n}",
            "title": f"{LOOKS[n % 10]} {KINDS[n // 10 % 8]} {THINGS[n // 80 % 10]} no {n // 800}",
            "category": THINGS[n // 80 % 10],
            "price": f"{1 + n % 97}.50",
            "launched_at": _launched(n, count=count, now=now).isoformat(),
        }
        for n in range(count + new)
    ]


def _launched(n: int, *, count: int, now: datetime) -> datetime:
    """Spread over the year; the new ones ten days ago."""
    return now - timedelta(days=10 if n >= count else YEAR - n * (YEAR - 40) / count)


def _product_ids(count: int) -> tuple[np.ndarray, np.ndarray]:
    by_number = dict(Product.objects.values_list("sku", "pk"))
    ids = np.array([by_number[f"SKU-{n}"] for n in range(len(by_number))])
    return ids[:count], ids[count:]


def _customers(count: int, *, now: datetime) -> None:
    joined = now - timedelta(days=YEAR)
    rows = [
        Customer(
            external_id=f"customer-{n}", joined_at=joined, created_at=joined, updated_at=joined
        )
        for n in range(count)
    ]
    Customer.objects.bulk_create(rows, batch_size=5_000)


def _purchases(
    customers: np.ndarray,
    products: np.ndarray,
    *,
    count: int,
    rng: np.random.Generator,
    now: datetime,
) -> None:
    """Some buy much and some little, mostly near one place of the range; only what is on sale."""
    since = now - timedelta(days=YEAR)
    ensure_partitions(since=since, until=now + timedelta(days=92))
    start = np.datetime64(since.astimezone(UTC).replace(tzinfo=None), "us")
    eager = rng.dirichlet(np.full(len(customers), 0.5))
    favourite = rng.integers(0, len(products), len(customers))
    for first in range(0, count, 500_000):
        many = min(500_000, count - first)
        who = rng.choice(len(customers), many, p=eager)
        what = (favourite[who] + rng.normal(0, 40, many).astype(int)) % len(products)
        days = 40 + rng.random(many) * (YEAR - 41)
        days = np.maximum(days, what * (YEAR - 40) / len(products) + rng.exponential(20, many))
        rows = pl.DataFrame(
            {
                "message_id": [str(uuid.UUID(int=first + n + 1)) for n in range(many)],
                "customer_id": customers[who],
                "product_id": products[what],
                "kind": ["purchase"] * many,
                "occurred_at": start
                + (np.minimum(days, YEAR - 0.1) * 86_400e6).astype("timedelta64[us]"),
                "received_at": np.full(many, start),
                "quantity": np.ones(many, dtype=np.int64),
                "price": 1.5 + what % 97,
                "currency": ["USD"] * many,
            }
        ).with_columns(
            *(pl.lit("").alias(name) for name in ("order_id", "session", "text")),
            is_randomised=pl.lit(value=False),
        )
        copy_frame(rows, table="launchopt_audiences_event")


def _scores(
    customers: np.ndarray, products: np.ndarray, *, rng: np.random.Generator, now: datetime
) -> None:
    """What a model learned on some of the customers has said of the new ones, drawn at random."""
    version = _model(now=now)
    for product in products.tolist():
        chance = np.minimum(np.exp(rng.normal(-5, 1, len(customers))), 0.9)
        order = np.argsort(-chance, kind="stable")
        rows = pl.DataFrame(
            {
                "product_id": [product] * len(customers),
                "customer_id": customers[order],
                "probability": chance[order],
                "rank": np.arange(1, len(customers) + 1),
                "reasons": pl.Series([None] * len(customers), dtype=pl.String),
            }
        )
        save_interest_scores(
            rows,
            product_ids=[product],
            model_version_id=version.pk,
            as_of=now - timedelta(days=9),
            horizon_days=30,
        )


def _model(*, now: datetime) -> ModelVersion:
    shop = stored_shop(before=now, encoder=encoder_name()).shop
    some = shop.events.customer < LEARNED_FROM
    customers = shop.customers.take(np.arange(min(LEARNED_FROM, len(shop.customers))))
    shop = replace(shop, customers=customers, events=shop.events.take(some))
    model = LaunchInterest().fit(shop, as_of=instant(now), seed=0)
    return register(model, data_until=now, run=None, now=now)


def _lists(
    customers: np.ndarray, products: np.ndarray, *, rng: np.random.Generator, now: datetime
) -> None:
    """As the night makes them: one entry in five is new and drawn, the others are known."""
    new = np.array(
        InterestScore.objects.order_by("product").values_list("product", flat=True).distinct()
    )
    as_of = now - timedelta(hours=8)
    rank = np.arange(1, LISTED + 1)
    is_drawn = rank % EVERY == 0
    for start in range(0, len(customers), STEP):
        some = customers[start : start + STEP]
        places = (rng.integers(0, len(products), len(some))[:, None] + rank) % len(products)
        fresh = (rng.integers(0, len(new), len(some))[:, None] + rank // EVERY) % len(new)
        drawn = np.tile(is_drawn, len(some))
        rows = pl.DataFrame(
            {
                "customer_id": np.repeat(some, LISTED),
                "product_id": np.where(is_drawn, new[fresh], products[places]).ravel(),
                "rank": np.tile(rank, len(some)),
                "score": np.tile(np.where(is_drawn, 0.007, 0.2 / rank), len(some)),
                "source": np.where(drawn, "exploration", "co_purchase"),
                "propensity": pl.Series(np.where(drawn, 1 / len(new), np.nan)).fill_nan(None),
                "reason": np.where(drawn, "New in the shop.", REASON),
                "is_new": drawn,
            }
        )
        replace_lists(rows, customer_ids=some.tolist(), as_of=as_of, now=now)
    popular = [General(int(product), 0.01, "popularity") for product in products[:200]]
    keep_strangers_list(popular, as_of=as_of)
    note_offered(new.tolist())
