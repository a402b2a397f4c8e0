"""Recommendations as the worker stores them: each customer's list, and one for strangers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import polars as pl
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from launchopt import jobs
from launchopt.audiences.models import Customer, Recommendation
from launchopt.audiences.snapshots import copied
from launchopt.catalog.models import Product
from launchopt.operations.bulk import analyse, copy_frame, create_incoming
from launchopt.operations.models import JobClock

LOCK = 7_316_024  # one writer of lists at a time
INCOMING = "launchopt_incoming_recommendation"
COLUMNS = {
    "customer_id": "bigint",
    "product_id": "bigint",
    "rank": "smallint",
    "score": "float8",
    "source": "text",
    "propensity": "float8",
    "reason": "text",
    "is_new": "boolean",
}
INSERT = f"""
    INSERT INTO launchopt_audiences_recommendation ({", ".join(COLUMNS)}, as_of)
    SELECT {", ".join(f"i.{name}" for name in COLUMNS)}, %s FROM {INCOMING} i
    JOIN launchopt_audiences_customer c ON c.id = i.customer_id
    JOIN launchopt_catalog_product p ON p.id = i.product_id
    WHERE NOT EXISTS (
        SELECT FROM launchopt_audiences_recommendation r WHERE r.customer_id = i.customer_id
    )"""  # noqa: S608 - made of our own words
PREDICTED = """
    SELECT product_id, customer_id, probability FROM launchopt_audiences_interestscore
    WHERE product_id = ANY(%s) AND as_of <= %s"""
# The customer's own product that a score's reasons name first, where it spoke for the new one.
VOICE = """jsonb_path_query_first(
    {}.reasons, '$[*] ? (@.factor == "similar_products" && @.log_odds > 0).skus[0]') #>> '{{}}'"""
VOICES = f"""
    SELECT s.customer_id, s.product_id, {VOICE.format("s")} FROM launchopt_audiences_interestscore s
    WHERE s.product_id = ANY(%s) AND s.as_of <= %s AND s.reasons IS NOT NULL"""  # noqa: S608
SCORES: dict[str, type[pl.DataType]] = {
    "product_id": pl.Int64,
    "customer_id": pl.Int64,
    "probability": pl.Float64,
}
STRANGERS = "strangers"  # key in the details of the job's clock
STRANGERS_KEPT = 200


@dataclass(frozen=True)
class General:
    """An entry for customers of whom nothing is known. Its reason is nothing personal."""

    product_id: int
    score: float
    source: str
    is_new: bool = False
    is_fresh: bool = False
    propensity: float | None = None


@transaction.atomic
def replace_lists(
    rows: pl.DataFrame, *, customer_ids: Iterable[int], as_of: datetime, now: datetime
) -> int:
    """Put these rows (COLUMNS) in place of the lists of these customers; returns how many stand.

    A list made for a later instant stays, unless that instant still lies ahead (simulated time).
    A customer without rows is left without a list, and so sees what is popular.
    """
    create_incoming(INCOMING, columns=COLUMNS)
    copy_frame(rows.select(list(COLUMNS)), table=INCOMING)
    analyse(INCOMING, rows=len(rows))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute(
            "DELETE FROM launchopt_audiences_recommendation"
            " WHERE customer_id = ANY(%s) AND (as_of <= %s OR as_of > %s)",
            [list(customer_ids), as_of, now],
        )
        cursor.execute(INSERT, [as_of])
        return int(cursor.rowcount)


@transaction.atomic
def keep_strangers_list(entries: Sequence[General], *, as_of: datetime) -> None:
    """Keep the list for customers of whom nothing is known, the best first."""
    kept = [asdict(entry) for entry in entries[:STRANGERS_KEPT]]
    clock, _ = JobClock.objects.get_or_create(job=jobs.RECOMMEND.name)
    clock = JobClock.objects.select_for_update().get(pk=clock.pk)
    clock.details = {**clock.details, STRANGERS: {"as_of": as_of.isoformat(), "entries": kept}}
    clock.save(update_fields=["details"])


@transaction.atomic
def change_strangers_list(change: Callable[[list[General], datetime], Sequence[General]]) -> None:
    """Let `change(entries, as_of) -> entries` say who stands in it now; nothing where none is."""
    clock = JobClock.objects.select_for_update().filter(job=jobs.RECOMMEND.name).first()
    kept = clock.details.get(STRANGERS) if clock else None
    if kept:
        as_of = datetime.fromisoformat(kept["as_of"])
        entries = [General(**entry) for entry in kept["entries"]]
        keep_strangers_list(change(entries, as_of), as_of=as_of)


def has_lists() -> bool:
    """Whether lists were ever made."""
    return bool(strangers_list()) or Recommendation.objects.exists()


def strangers_list() -> list[General]:
    """The list that was kept last; empty where none was made yet."""
    details: dict[str, Any] | None = (
        JobClock.objects.filter(job=jobs.RECOMMEND.name).values_list("details", flat=True).first()
    )
    kept = (details or {}).get(STRANGERS, {})
    return [General(**entry) for entry in kept.get("entries", [])]


def offers(*, at: datetime) -> list[tuple[Any, ...]]:
    """Every product as (id, title, language, known since, may be sold at this instant), by id.

    A product is known since its launch, or, where none is declared, since its row was made.
    """
    at_hand = Product.objects.on_sale(at).in_stock().values("pk")
    rows = Product.objects.annotate(
        known_at=Coalesce("launched_at", "created_at"), is_sellable=Q(pk__in=at_hand)
    ).order_by("pk")
    return list(rows.values_list("pk", "title", "language", "known_at", "is_sellable"))


def languages_by_customer() -> dict[int, str]:
    """The languages that customers are known to read."""
    return dict(Customer.objects.exclude(language="").values_list("pk", "language"))


def scores_of(product_ids: Iterable[int], *, as_of: datetime) -> pl.DataFrame:
    """What was predicted by an instant for these products: product_id, customer_id, probability."""
    ids = list(product_ids)
    if not ids:
        return pl.DataFrame(schema=SCORES)
    return copied(PREDICTED, [ids, as_of], schema=SCORES)


def voices_of(product_ids: Iterable[int], *, as_of: datetime) -> dict[tuple[int, int], str]:
    """By customer and product, the sku of the customer's own that a score's reasons name."""
    with connection.cursor() as cursor:
        cursor.execute(VOICES, [list(product_ids), as_of])
        return {(customer, product): sku for customer, product, sku in cursor.fetchall() if sku}
