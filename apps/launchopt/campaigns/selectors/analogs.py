"""Past launches of the shop that are most like a new one, and how they went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection

from launchopt.campaigns.models import Launch

MOST = 10
# A product that was there when the records begin was not launched then.
RECORDS_BEGIN = timedelta(days=14)


@dataclass(frozen=True)
class Counts:
    """Events of one kind in a launch's window."""

    events: int = 0
    customers: int = 0
    pieces: int = 0


@dataclass(frozen=True)
class Analog:
    """A product launched earlier, how like the new one it is, and what its first days brought."""

    product: int
    sku: str
    similarity: float | None  # cosine of the texts' embeddings; None where one is missing
    launched_at: datetime
    known_customers: int  # at its launch
    counts: dict[str, Counts] = field(default_factory=dict)

    def of(self, kind: str) -> Counts:
        """The events of a kind; none where there were none."""
        return self.counts.get(kind, Counts())


def analogs_of(launch: Launch, *, before: datetime) -> list[Analog]:
    """The most similar launches that were over before an instant, each seen for as long as this one
    is to last. Three queries."""
    length = launch.ends_at - launch.starts_at
    rows = _past_launches(launch, before=before, length=length)
    counts = _counts(rows, length=length)
    return [
        Analog(
            product=product,
            sku=sku,
            similarity=similarity,
            launched_at=launched_at,
            known_customers=known,
            counts=counts.get(product, {}),
        )
        for product, sku, similarity, launched_at, known in rows
    ]


def _past_launches(
    launch: Launch, *, before: datetime, length: timedelta
) -> list[tuple[int, str, float | None, datetime, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH first AS (
                SELECT product_id, min(occurred_at) AS at
                FROM launchopt_audiences_event
                WHERE occurred_at < %(before)s
                GROUP BY product_id
            ), past AS (
                SELECT p.id, p.sku, coalesce(p.launched_at, first.at) AS launched_at
                FROM launchopt_catalog_product p JOIN first ON first.product_id = p.id
                WHERE p.id <> %(product)s
            ), chosen AS (
                SELECT past.*, 1 - (theirs.vector <=> mine.vector) AS similarity
                FROM past
                LEFT JOIN (
                    SELECT encoder, vector FROM launchopt_catalog_productembedding
                    WHERE product_id = %(product)s ORDER BY created_at DESC LIMIT 1
                ) AS mine ON true
                LEFT JOIN launchopt_catalog_productembedding theirs
                       ON theirs.product_id = past.id AND theirs.encoder = mine.encoder
                WHERE past.launched_at >= (SELECT min(at) FROM first) + %(begin)s
                  AND past.launched_at <= %(before)s - %(length)s
                ORDER BY similarity DESC NULLS LAST, past.launched_at DESC, past.id
                LIMIT %(most)s
            )
            SELECT id, sku, similarity, launched_at,
                   (SELECT count(*) FROM launchopt_audiences_customer c
                    WHERE c.joined_at < chosen.launched_at
                       OR (c.joined_at IS NULL AND EXISTS (
                           SELECT 1 FROM launchopt_audiences_event e
                           WHERE e.customer_id = c.id AND e.occurred_at < chosen.launched_at)))
            FROM chosen
            """,
            {
                "product": launch.product_id,
                "before": before,
                "length": length,
                "begin": RECORDS_BEGIN,
                "most": MOST,
            },
        )
        return cursor.fetchall()


def _counts(
    launches: Sequence[tuple[int, str, float | None, datetime, int]], *, length: timedelta
) -> dict[int, dict[str, Counts]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT l.product, e.kind, count(*), count(DISTINCT e.customer_id), sum(e.quantity)
            FROM unnest(%s::bigint[], %s::timestamptz[]) AS l(product, since)
            JOIN launchopt_audiences_event e ON e.product_id = l.product
             AND e.occurred_at >= l.since AND e.occurred_at < l.since + %s
            GROUP BY l.product, e.kind
            """,
            [[row[0] for row in launches], [row[3] for row in launches], length],
        )
        found: dict[int, dict[str, Counts]] = {}
        for product, kind, events, customers, pieces in cursor.fetchall():
            found.setdefault(product, {})[kind] = Counts(events, customers, int(pieces or 0))
    return found
