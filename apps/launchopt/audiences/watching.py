"""Interest scores held against what a model was trained on and against what came true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

# Days of the horizon that a product is on sale: all of them where no day of launch is declared.
ON_SALE = """
    s.as_of + s.horizon_days * interval '1 day' AS ends_at,
    GREATEST(s.as_of, COALESCE(p.launched_at, s.as_of)) AS starts_at
"""
SPREAD = f"""
    WITH timed AS (
        SELECT s.product_id, s.probability, {ON_SALE}
        FROM launchopt_audiences_interestscore s
        JOIN launchopt_catalog_product p ON p.id = s.product_id
        WHERE s.as_of >= %(since)s AND s.as_of < %(until)s
    )
    SELECT width_bucket(
               probability * 86400 / EXTRACT(EPOCH FROM ends_at - starts_at), %(edges)s::float8[]
           ) AS class, count(*), count(DISTINCT product_id)
    FROM timed WHERE ends_at > starts_at GROUP BY class
"""  # noqa: S608 - our own words
PRODUCTS = f"""
    WITH timed AS (
        SELECT s.product_id, s.probability, {ON_SALE}
        FROM launchopt_audiences_interestscore s
        JOIN launchopt_catalog_product p ON p.id = s.product_id
        WHERE s.as_of >= %(since)s AND s.as_of < %(until)s
    ), passed AS (
        SELECT product_id, probability, starts_at, LEAST(ends_at, %(until)s) AS until,
               EXTRACT(EPOCH FROM LEAST(ends_at, %(until)s) - starts_at)
               / NULLIF(EXTRACT(EPOCH FROM ends_at - starts_at), 0) AS share,
               ends_at <= %(until)s AS is_over
        FROM timed WHERE ends_at > starts_at
    ), expected AS (
        SELECT product_id, min(starts_at) AS starts_at, max(until) AS until,
               sum(1 - power(1 - LEAST(probability, 0.999999), share)) AS predicted
        FROM passed
        WHERE share > 0 AND (is_over OR until - starts_at >= interval '7 days')
        GROUP BY product_id
    )
    SELECT count(*), COALESCE(sum(predicted), 0), COALESCE(sum((
        SELECT count(DISTINCT e.customer_id)
        FROM launchopt_audiences_event e
        JOIN launchopt_audiences_interestscore s
          ON s.product_id = e.product_id AND s.customer_id = e.customer_id
        WHERE e.product_id = expected.product_id AND e.kind = 'purchase'
          AND e.occurred_at >= expected.starts_at AND e.occurred_at < expected.until
    )), 0)
    FROM expected
"""  # noqa: S608 - our own words


@dataclass(frozen=True)
class Spread:
    """How many pairs of customer and product fall in each class of chance per day on sale."""

    counts: tuple[int, ...]
    products: int


@dataclass(frozen=True)
class Buyers:
    """Of scored products that have been on sale for a week or whose horizon is over."""

    products: int
    predicted: float  # in the time that has passed, at an even pace
    actual: int


def spread_of_scores(*, edges: Sequence[float], since: datetime, until: datetime) -> Spread:
    """Scores made in that time, by the classes that `edges` (rising) part."""
    values = {"edges": list(edges), "since": since, "until": until}
    counts, products = [0] * (len(edges) + 1), 0
    with connection.cursor() as cursor:
        cursor.execute(SPREAD, values)
        for place, count, having in cursor.fetchall():
            counts[place] = count
            products = max(products, having)
    return Spread(tuple(counts), products)


def buyers_of_scored(*, since: datetime, until: datetime) -> Buyers:
    """Predicted and actual buyers, before `until`, of products scored from `since` on."""
    with connection.cursor() as cursor:
        cursor.execute(PRODUCTS, {"since": since, "until": until})
        products, predicted, actual = cursor.fetchone()
    return Buyers(int(products), float(predicted), int(actual))
