"""New products that stored lists do not know yet: which they are, and lists changed set-based."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import polars as pl
from django.db import connection, transaction
from django.db.models import Exists, Max, Min, OuterRef, Q
from django.db.models.functions import Coalesce

from launchopt import jobs
from launchopt.audiences.models import (
    Audience,
    Event,
    EventKind,
    InterestScore,
    Recommendation,
)
from launchopt.audiences.recommendations import LOCK, VOICE
from launchopt.audiences.services.membership import build_audience
from launchopt.audiences.showing import NEW_DAYS
from launchopt.audiences.snapshots import copied
from launchopt.catalog.models import Product
from launchopt.operations.bulk import analyse, copy_frame, create_incoming
from launchopt.operations.models import JobClock

OFFERING = 7_316_031  # lock: offered twice at once, a product would count twice in the draw
OFFERED = "offered"  # key in the details of the job's clock
TABLE = "launchopt_audiences_recommendation"
INCOMING = "launchopt_incoming_place"
BLOCK = 20_000  # customers whose lists are changed in one transaction
STANDING = f"""
    SELECT r.id, r.customer_id, c.external_id, c.language, r.rank, r.product_id, r.score,
        r.propensity, r.is_new,
        floor(EXTRACT(EPOCH FROM r.as_of) / 86400)::int AS day
    FROM {TABLE} r JOIN launchopt_audiences_customer c ON c.id = r.customer_id
    WHERE r.customer_id >= %s AND r.customer_id < %s AND r.as_of <= %s
    ORDER BY r.customer_id, r.rank"""  # noqa: S608 - our own words
STANDING_SCHEMA: dict[str, type[pl.DataType]] = {
    "id": pl.Int64,
    "customer_id": pl.Int64,
    "external_id": pl.String,
    "language": pl.String,
    "rank": pl.Int64,
    "product_id": pl.Int64,
    "score": pl.Float64,
    "propensity": pl.Float64,
    "is_new": pl.String,  # t or f
    "day": pl.Int64,
}
SCORED = f"""
    SELECT s.product_id, s.customer_id, s.probability, {VOICE.format("s")} AS alike
    FROM launchopt_audiences_interestscore s
    WHERE s.product_id = ANY(%s) AND s.customer_id >= %s AND s.customer_id < %s"""  # noqa: S608
SCORED_SCHEMA: dict[str, type[pl.DataType]] = {
    "product_id": pl.Int64,
    "customer_id": pl.Int64,
    "probability": pl.Float64,
    "alike": pl.String,
}
PLACES = {
    "id": "bigint",  # of the row that changes; null for a place that is added
    "from_id": "bigint",  # of the row that its entry stood in; null for a newcomer
    "customer_id": "bigint",
    "rank": "smallint",
    "product_id": "bigint",  # null for a place that is no more
    "score": "float8",
    "source": "text",
    "propensity": "float8",
    "reason": "text",
}
ADD = f"""
    INSERT INTO {TABLE}
        (customer_id, rank, product_id, score, propensity, source, reason, is_new, as_of)
    SELECT i.customer_id, i.rank, i.product_id, i.score, i.propensity,
        COALESCE(i.source, s.source), COALESCE(i.reason, s.reason), COALESCE(s.is_new, true),
        (SELECT max(o.as_of) FROM {TABLE} o WHERE o.customer_id = i.customer_id)
    FROM {INCOMING} i LEFT JOIN {TABLE} s ON s.id = i.from_id
    WHERE i.id IS NULL"""  # noqa: S608 - our own words
CHANGE = f"""
    UPDATE {TABLE} r
    SET product_id = i.product_id, score = i.score, propensity = i.propensity,
        source = COALESCE(i.source, s.source), reason = COALESCE(i.reason, s.reason),
        is_new = COALESCE(s.is_new, true)
    FROM {INCOMING} i LEFT JOIN {TABLE} s ON s.id = i.from_id
    WHERE r.id = i.id AND i.product_id IS NOT NULL"""  # noqa: S608 - our own words
DROP = f"""
    DELETE FROM {TABLE} r USING {INCOMING} i
    WHERE r.id = i.id AND i.product_id IS NULL"""  # noqa: S608 - our own words

Change = Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]


def newcomers(*, now: datetime) -> list[Product]:
    """Scored products on sale that nobody has bought and no list has been offered yet, by id."""
    bought = Event.objects.filter(product=OuterRef("pk"), kind=EventKind.PURCHASE).order_by()
    scored = InterestScore.objects.filter(product=OuterRef("pk"))
    on_sale = Product.objects.on_sale(now).in_stock()
    fresh = on_sale.alias(known_at=Coalesce("launched_at", "created_at")).filter(
        known_at__gt=now - timedelta(days=NEW_DAYS), known_at__lte=now
    )
    waiting = fresh.exclude(pk__in=_offered()).filter(Exists(scored), ~Exists(bought))
    return list(waiting.order_by("pk"))


def blocks_of_customers() -> Iterator[tuple[int, int]]:
    """Ranges [since, until) of the ids of customers with lists."""
    ends = Recommendation.objects.aggregate(first=Min("customer_id"), last=Max("customer_id"))
    if ends["first"] is None:
        return
    for since in range(ends["first"], ends["last"] + 1, BLOCK):
        yield since, since + BLOCK


@contextmanager
def alone() -> Iterator[bool]:
    """Whether nobody else offers new products now; nobody else begins to before this ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [OFFERING])
        (is_alone,) = cursor.fetchone()
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [OFFERING])


@transaction.atomic
def change_lists(
    change: Change, *, product_ids: Sequence[int], block: tuple[int, int], as_of: datetime
) -> int:
    """Let `change(standing, scores) -> places` say what stands where now; returns how many rows.

    `standing` has STANDING_SCHEMA, `scores` SCORED_SCHEMA, and what comes back PLACES: only places
    that change. Nobody else writes lists meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    standing = copied(STANDING, [*block, as_of], schema=STANDING_SCHEMA)
    scores = copied(SCORED, [list(product_ids), *block], schema=SCORED_SCHEMA)
    if standing.is_empty() or scores.is_empty():
        return 0
    places = change(standing, scores)
    create_incoming(INCOMING, columns=PLACES)
    copy_frame(places.select(*PLACES), table=INCOMING)
    analyse(INCOMING, rows=len(places))
    with connection.cursor() as cursor:
        for statement in (ADD, CHANGE, DROP):
            cursor.execute(statement)
    return len(places)


def usual_chances(product_ids: Iterable[int]) -> dict[int, float]:
    """For each product the probability that half of the customers exceed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT product_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY probability)"
            " FROM launchopt_audiences_interestscore WHERE product_id = ANY(%s) GROUP BY 1",
            [list(product_ids)],
        )
        return dict(cursor.fetchall())


@transaction.atomic
def note_offered(product_ids: Iterable[int], *, afresh: bool = False) -> None:
    """Remember that lists were offered these products, so that they are not offered again.

    With `afresh`, all lists were made anew from these: what was offered meanwhile is again.
    """
    clock, _ = JobClock.objects.get_or_create(job=jobs.RECOMMEND.name)
    clock = JobClock.objects.select_for_update().get(pk=clock.pk)
    before = [] if afresh else clock.details.get(OFFERED, [])
    clock.details = {**clock.details, OFFERED: sorted({*before, *product_ids})}
    clock.save(update_fields=["details"])


def fill_waiting_audiences(*, now: datetime) -> int:
    """Build the audiences of products that nobody could belong to before there were scores.

    An audience built since then stays as it is, whoever was in it: launches count on that.
    """
    scored = InterestScore.objects.filter(product=OuterRef("product"), rank=1)
    later = scored.filter(as_of__gte=OuterRef("built_at"))
    waiting = Audience.objects.filter(
        Q(built_at=None) & Exists(scored) | Exists(later), product__isnull=False, size=0
    )
    audiences = list(waiting)
    for audience in audiences:
        build_audience(audience=audience, as_of=now, now=now)
    return len(audiences)


def _offered() -> list[int]:
    details = JobClock.objects.filter(job=jobs.RECOMMEND.name).values_list("details", flat=True)
    return list((details.first() or {}).get(OFFERED, []))
