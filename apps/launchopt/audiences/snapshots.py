"""Histories copied out of the database as columns, for models that read a whole shop at once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import polars as pl
from django.db import connection

from launchopt.catalog.texts import product_text

MICROSECONDS = "(EXTRACT(EPOCH FROM {}) * 1000000)::bigint"
EVENTS = f"""
    SELECT customer_id, product_id, kind, quantity, price,
           {MICROSECONDS.format("occurred_at")} AS time
    FROM launchopt_audiences_event
    WHERE product_id IS NOT NULL AND occurred_at < %s
"""  # noqa: S608 - made of our own words
CUSTOMERS = f"""
    SELECT c.id, c.external_id,
           {MICROSECONDS.format("LEAST(c.joined_at, e.first)")} AS known_at
    FROM launchopt_audiences_customer c
    LEFT JOIN (
        SELECT customer_id, min(occurred_at) AS first
        FROM launchopt_audiences_event WHERE occurred_at < %s GROUP BY customer_id
    ) e ON e.customer_id = c.id
    WHERE c.merged_into_id IS NULL AND LEAST(c.joined_at, e.first) < %s
    ORDER BY c.id
"""  # noqa: S608 - made of our own words
PRODUCTS = f"""
    SELECT p.id, p.sku, p.title, p.description, g.name AS category, p.brand, p.price,
           p.attributes,
           {MICROSECONDS.format("p.launched_at")} AS launched_at
    FROM launchopt_catalog_product p
    LEFT JOIN launchopt_catalog_category g ON g.id = p.category_id
    ORDER BY p.id
"""  # noqa: S608 - made of our own words
VECTORS = """
    SELECT e.product_id, e.vector::text AS vector
    FROM launchopt_catalog_productembedding e
    JOIN launchopt_catalog_product p ON p.id = e.product_id AND p.text_hash = e.text_hash
    WHERE e.encoder = %s ORDER BY e.product_id
"""


@dataclass(frozen=True)
class Snapshot:
    """Frames of database ids; instants are microseconds since 1970 in UTC."""

    products: pl.DataFrame  # id, sku, text, category, price, launched_at
    customers: pl.DataFrame  # id, external_id, known_at: joined, or first event of any kind
    events: pl.DataFrame  # customer_id, product_id, kind, quantity, price, time; oldest first
    vectors: pl.DataFrame  # product_id, vector as text; of the text as it stands


def snapshot(*, before: datetime, encoder: str) -> Snapshot:
    """Everything about customers and products that happened before an instant.

    Every product is there, also one that nobody has seen yet. Visitors who turned out to be a
    customer are left out; their events are the customer's.
    """
    customers = copied(CUSTOMERS, [before, before], schema=_CUSTOMERS)
    events = copied(EVENTS, [before], schema=_EVENTS).join(
        customers.select("id"), left_on="customer_id", right_on="id", how="semi"
    )
    return Snapshot(
        _with_text(copied(PRODUCTS, [], schema=_PRODUCTS)),
        customers,
        events.sort("time", "customer_id", "product_id"),
        copied(VECTORS, [encoder], schema={"product_id": pl.Int64, "vector": pl.String}),
    )


_EVENTS = {
    "customer_id": pl.Int64,
    "product_id": pl.Int64,
    "kind": pl.String,
    "quantity": pl.Int64,
    "price": pl.Float64,
    "time": pl.Int64,
}
_CUSTOMERS = {"id": pl.Int64, "external_id": pl.String, "known_at": pl.Int64}
_PRODUCTS = {
    "id": pl.Int64,
    "sku": pl.String,
    "title": pl.String,
    "description": pl.String,
    "category": pl.String,
    "brand": pl.String,
    "price": pl.Float64,
    "attributes": pl.String,
    "launched_at": pl.Int64,
}


def copied(
    query: str, values: list[object], *, schema: dict[str, type[pl.DataType]]
) -> pl.DataFrame:
    """The answer of a query by COPY, which costs a fraction of fetching rows."""
    buffer = BytesIO()
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)", values) as copy,
    ):
        for block in copy:
            buffer.write(block)
    if not buffer.tell():
        return pl.DataFrame(schema=schema)
    buffer.seek(0)
    names = list(schema)
    return pl.read_csv(buffer, has_header=False, new_columns=names, schema=schema)


def _with_text(products: pl.DataFrame) -> pl.DataFrame:
    """The text that the encoder reads, in the place of its parts."""
    parts = ["title", "description", "category", "brand", "attributes"]
    texts = [
        product_text(
            title=title or "",
            description=description or "",
            category=category or "",
            brand=brand or "",
            attributes=json.loads(attributes or "{}"),
        )
        for title, description, category, brand, attributes in products.select(parts).iter_rows()
    ]
    kept = products.select("id", "sku", "category", "price", "launched_at")
    return kept.with_columns(
        pl.Series("text", texts, dtype=pl.String), pl.col("category").fill_null("")
    )
