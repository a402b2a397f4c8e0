"""Interest scores: written set-based, and read as columns for files that programs join."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Least
from numpy.typing import NDArray

from launchopt.audiences.models import Event, EventKind, InterestScore, ScoredShard
from launchopt.catalog.models import Product
from launchopt.operations.bulk import copy_frame, create_incoming

INCOMING = "launchopt_incoming_score"
COLUMNS = {
    "product_id": "bigint",
    "customer_id": "bigint",
    "probability": "double precision",
    "rank": "integer",
    "reasons": "jsonb",
}
NAMES = ", ".join(COLUMNS)
INSERT = f"""
    INSERT INTO launchopt_audiences_interestscore
           ({NAMES}, model_version_id, as_of, horizon_days)
    SELECT {", ".join(f"i.{name}" for name in COLUMNS)}, %s, %s, %s
    FROM {INCOMING} i
    JOIN launchopt_audiences_customer c ON c.id = i.customer_id
    ORDER BY i.product_id, i.rank
"""  # noqa: S608 - our own words
NEW_DAYS = 30
ABANDONED_DAYS = 7


@transaction.atomic
def save_interest_scores(
    rows: pl.DataFrame,
    *,
    product_ids: Sequence[int],
    model_version_id: object,
    as_of: datetime,
    horizon_days: int,
) -> int:
    """Put the scores of these products in the place of older ones; returns how many.

    `rows` has COLUMNS; reasons are JSON text or null. A customer erased meanwhile is left out.
    """
    create_incoming(INCOMING, columns=COLUMNS)
    copy_frame(rows.select(*COLUMNS), table=INCOMING)
    # One writer at a time for a product: a second one waits here, and then replaces.
    standing = Product.objects.filter(pk__in=product_ids).order_by("pk")
    list(standing.select_for_update(no_key=True).values_list("pk"))
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM launchopt_audiences_interestscore WHERE product_id = ANY(%s)",
            [list(product_ids)],
        )
        cursor.execute(INSERT, [model_version_id, as_of, horizon_days])
        return cursor.rowcount


def keep_reasons(
    found: Mapping[int, list[dict[str, Any]]],
    *,
    product_id: int,
    as_of: datetime,
    model_version_id: object,
) -> int:
    """Keep the reasons of a product's scores, by customer id; of scores replaced meanwhile none."""
    scores = InterestScore.objects.filter(
        product=product_id, as_of=as_of, model_version=model_version_id, customer__in=list(found)
    )
    rows = list(scores)
    for row in rows:
        row.reasons = found[row.customer_id]
    return InterestScore.objects.bulk_update(rows, ["reasons"], batch_size=1000)


def keep_shard(
    *,
    run_id: str,
    step: int,
    shard: int,
    found: tuple[NDArray[np.int64], NDArray[np.float32]],
) -> int:
    """Keep what a shard found: ids (customers,), probabilities (products, customers).

    Doing it again puts it in the place of the first. Returns how many probabilities.
    """
    customer_ids, probabilities = found
    packed = {
        "customer_ids": customer_ids.astype("<i8").tobytes(),
        "probabilities": np.ascontiguousarray(probabilities, dtype="<f4").tobytes(),
    }
    ScoredShard.objects.update_or_create(run_id=run_id, step=step, shard=shard, defaults=packed)
    return int(probabilities.size)


def shards_of(*, run_id: object, step: int) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """What each shard found for a step, in their order, as `keep_shard` was given it."""
    rows = ScoredShard.objects.filter(run_id=run_id, step=step).order_by("shard")
    found = []
    for ids, chances in rows.values_list("customer_ids", "probabilities"):
        customer_ids = np.frombuffer(ids, dtype="<i8")
        packed = np.frombuffer(chances, dtype="<f4")
        found.append((customer_ids, packed.reshape(-1, max(len(customer_ids), 1))))
    return found


def forget_shards(*, run_id: object, step: int) -> None:
    """Drop what is stored for good by now."""
    ScoredShard.objects.filter(run_id=run_id, step=step).delete()


def forget_abandoned_shards(*, now: datetime) -> None:
    """Drop what runs left behind that ended long ago and were not tried again."""
    long_ago = now - timedelta(days=ABANDONED_DAYS)
    ScoredShard.objects.filter(run__finished_at__lt=long_ago).delete()


def scores_frame(product_ids: Sequence[int]) -> pl.DataFrame:
    """`sku, customer, probability, rank` of these products, by sku and rank."""
    schema = {
        "sku": pl.String,
        "customer": pl.String,
        "probability": pl.Float64,
        "rank": pl.Int64,
    }
    rows = InterestScore.objects.filter(product__in=product_ids).order_by("product__sku", "rank")
    found = rows.values_list("product__sku", "customer__external_id", "probability", "rank")
    return pl.DataFrame(list(found.iterator(50_000)), schema=schema, orient="row")


def products_new_since(since: datetime) -> QuerySet[Product]:
    """Products that went on sale, or were first seen in an event, at this instant or later."""
    return _with_beginning().filter(began_at__gte=since)


def products_awaiting_scores(*, now: datetime) -> QuerySet[Product]:
    """New products that nobody has scored yet: nobody has bought them, and they are not retired.

    New is what goes on sale in the future or did so at most NEW_DAYS ago; without a declared day
    of launch, what was saved since then.
    """
    began = Coalesce("launched_at", "created_at")
    bought = Event.objects.filter(product=OuterRef("pk"), kind=EventKind.PURCHASE).order_by()
    scored = InterestScore.objects.filter(product=OuterRef("pk"))
    return (
        Product.objects.alias(began_at=began)
        .filter(~Exists(scored), ~Exists(bought), began_at__gte=now - timedelta(days=NEW_DAYS))
        .filter(Q(retired_at=None) | Q(retired_at__gt=now), is_placeholder=False)
        .exclude(text_hash="")
        .order_by("-created_at", "pk")
    )


def shop_has_purchases() -> bool:
    """Whether anybody ever bought anything here."""
    return Event.objects.filter(kind=EventKind.PURCHASE).order_by().exists()


def _with_beginning() -> QuerySet[Product]:
    first = (
        Event.objects.filter(product=OuterRef("pk")).order_by("occurred_at").values("occurred_at")
    )
    # LEAST passes over what is null.
    return Product.objects.alias(began_at=Least("launched_at", Subquery(first[:1])))
