"""Past launches of the shop that are most like a new one, and how they went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from launchopt.campaigns.models import Launch
from launchopt_core.course import PERIOD, Period
from launchopt_core.forecast import likeness

MOST = 60
FEWEST_SHOWN = 5  # past launches that were shown to customers, from which on only these count
KINDS = ("purchase", "click")  # of events that a forecast is made of
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
    weight: float = 1.0  # how much it counts, by content, price and season: 0 to 1
    season_days: float = 0.0  # between the days of the year of the two launches

    def of(self, kind: str) -> Counts:
        """The events of a kind; none where there were none."""
        return self.counts.get(kind, Counts())


@dataclass(frozen=True)
class PastLaunches:
    """The launches that were over: those most like a new one, the most alike first; and all of
    them by the period they began in, for each kind of event."""

    analogs: Sequence[Analog]
    periods: Mapping[str, Sequence[Period]]


class _Past(NamedTuple):
    product: int
    sku: str
    similarity: float | None
    launched_at: datetime
    price_ratio: float | None  # over the new product's
    was_shown: bool  # to anybody, in its first days
    weight: float = 1.0


def past_launches(launch: Launch, *, before: datetime) -> PastLaunches:
    """The launches that were over before an instant, each seen for as long as this one is to last:
    those most alike by content, price and season, and how all of them went by the time of their
    start. Five queries."""
    length = launch.ends_at - launch.starts_at
    past = _shown(_past_launches(launch, before=before, length=length))
    return PastLaunches(
        _analogs(_most_like(past, launch), launch, length=length),
        _periods(past, before=before, length=length),
    )


def _analogs(chosen: Sequence[_Past], launch: Launch, *, length: timedelta) -> list[Analog]:
    counts = _counts(chosen, length=length)
    known = known_customers([past.launched_at for past in chosen])
    return [
        Analog(
            product=past.product,
            sku=past.sku,
            similarity=past.similarity,
            launched_at=past.launched_at,
            known_customers=customers,
            counts=counts.get(past.product, {}),
            weight=past.weight,
            season_days=_season(past.launched_at, launch.starts_at),
        )
        for past, customers in zip(chosen, known, strict=True)
    ]


def known_customers(instants: Sequence[datetime]) -> list[int]:
    """How many customers were known before each of these instants, in one pass over customers."""
    if not instants:
        return []
    edges = sorted(set(instants))
    counted = np.zeros(1 + len(edges), dtype=int)  # customers by how many of the edges were over
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT width_bucket(coalesce(c.joined_at, (
                SELECT min(e.occurred_at) FROM launchopt_audiences_event e
                WHERE e.customer_id = c.id
            ), c.created_at), %s::timestamptz[]), count(*)
            FROM launchopt_audiences_customer c GROUP BY 1
            """,
            [edges],
        )
        for over, count in cursor.fetchall():
            counted[over] = count
    known = dict(zip(edges, np.cumsum(counted[:-1]).tolist(), strict=True))
    return [known[instant] for instant in instants]


def counts_by_day(
    analogs: Sequence[Analog], *, length: timedelta, kind: str
) -> NDArray[np.float64]:
    """(launches, days): events of a kind on each day since their launches, in one query."""
    days = np.zeros((len(analogs), max(1, -(-length // timedelta(days=1)))))
    rows = {analog.product: row for row, analog in enumerate(analogs)}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT l.product, floor(extract(epoch FROM e.occurred_at - l.since) / 86400)::int,
                   count(*)
            FROM unnest(%s::bigint[], %s::timestamptz[]) AS l(product, since)
            JOIN launchopt_audiences_event e ON e.product_id = l.product AND e.kind = %s
             AND e.occurred_at >= l.since AND e.occurred_at < l.since + %s
            GROUP BY 1, 2
            """,
            [list(rows), [analog.launched_at for analog in analogs], kind, length],
        )
        for product, day, count in cursor.fetchall():
            days[rows[product], day] = count
    return days


def _past_launches(launch: Launch, *, before: datetime, length: timedelta) -> list[_Past]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH first AS (
                SELECT product_id, min(occurred_at) AS at
                FROM launchopt_audiences_event
                WHERE occurred_at < %(before)s
                GROUP BY product_id
            ), past AS (
                SELECT p.id, p.sku, p.price, coalesce(p.launched_at, first.at) AS launched_at
                FROM launchopt_catalog_product p JOIN first ON first.product_id = p.id
                WHERE p.id <> %(product)s
            )
            SELECT past.id, past.sku, 1 - (theirs.vector <=> mine.vector), past.launched_at,
                   (past.price / nullif(%(price)s::numeric, 0))::float8,
                   EXISTS (
                       SELECT FROM launchopt_audiences_event e
                       WHERE e.product_id = past.id AND e.kind = 'exposure'
                         AND e.occurred_at >= past.launched_at
                         AND e.occurred_at < past.launched_at + %(length)s
                   )
            FROM past
            LEFT JOIN (
                SELECT encoder, vector FROM launchopt_catalog_productembedding
                WHERE product_id = %(product)s ORDER BY created_at DESC LIMIT 1
            ) AS mine ON true
            LEFT JOIN launchopt_catalog_productembedding theirs
                   ON theirs.product_id = past.id AND theirs.encoder = mine.encoder
            WHERE past.launched_at >= (SELECT min(at) FROM first) + %(begin)s
              AND past.launched_at <= %(before)s - %(length)s
            ORDER BY past.launched_at DESC, past.id
            """,
            {
                "product": launch.product_id,
                "price": launch.product.price,
                "before": before,
                "length": length,
                "begin": RECORDS_BEGIN,
            },
        )
        return [_Past(*row) for row in cursor.fetchall()]


def _shown(past: Sequence[_Past]) -> Sequence[_Past]:
    """Where several were shown to customers, the others are no launches: they just came on sale."""
    shown = [one for one in past if one.was_shown]
    return shown if len(shown) >= FEWEST_SHOWN else past


def _most_like(past: Sequence[_Past], launch: Launch) -> list[_Past]:
    """Those that count most, with how much; the latest of equal ones."""
    weights = likeness(
        similarity=np.array([one.similarity or 0.0 for one in past]),
        price_ratio=np.array([one.price_ratio or np.nan for one in past], dtype=float),
        season_days=np.array(
            [_season(one.launched_at, launch.starts_at) for one in past], dtype=float
        ),
    )
    best = np.argsort(-weights, kind="stable")[:MOST]
    highest = max(float(weights.max(initial=0.0)), 1e-300)
    return [past[place]._replace(weight=float(weights[place]) / highest) for place in best]


def _season(one: datetime, other: datetime) -> int:
    """Days between two days of the year, the year not counted."""
    return abs(one.timetuple().tm_yday - other.timetuple().tm_yday)


def _periods(
    past: Sequence[_Past], *, before: datetime, length: timedelta
) -> dict[str, list[Period]]:
    """All of them by kind and by period back from an instant, those that nobody bought too."""
    back = [int((before - one.launched_at) / timedelta(days=PERIOD)) for one in past]
    numbers = sorted(set(back))
    middles = [before - (number + 0.5) * timedelta(days=PERIOD) for number in numbers]
    known = dict(zip(numbers, known_customers(middles), strict=True))
    found: dict[str, list[Period]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT kind, back, count(*), sum(events)::float8, sum(events * events)::float8
            FROM (
                SELECT k.kind, l.back, l.product, count(e.occurred_at) AS events
                FROM unnest(%s::bigint[], %s::timestamptz[], %s::int[]) AS l(product, since, back)
                CROSS JOIN unnest(%s::text[]) AS k(kind)
                LEFT JOIN launchopt_audiences_event e ON e.product_id = l.product
                 AND e.kind = k.kind AND e.occurred_at >= l.since AND e.occurred_at < l.since + %s
                GROUP BY 1, 2, 3
            ) AS launches GROUP BY 1, 2
            """,
            [[p.product for p in past], [p.launched_at for p in past], back, [*KINDS], length],
        )
        for kind, number, launches, count, squares in cursor.fetchall():
            exposure = float(launches * max(known[number], 1))
            period = Period(number, launches, count, squares, exposure)
            found.setdefault(kind, []).append(period)
    return found


def _counts(past: Sequence[_Past], *, length: timedelta) -> dict[int, dict[str, Counts]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT l.product, e.kind, count(*), count(DISTINCT e.customer_id), sum(e.quantity)
            FROM unnest(%s::bigint[], %s::timestamptz[]) AS l(product, since)
            JOIN launchopt_audiences_event e ON e.product_id = l.product
             AND e.occurred_at >= l.since AND e.occurred_at < l.since + %s
            GROUP BY l.product, e.kind
            """,
            [[one.product for one in past], [one.launched_at for one in past], length],
        )
        found: dict[int, dict[str, Counts]] = {}
        for product, kind, events, customers, pieces in cursor.fetchall():
            found.setdefault(product, {})[kind] = Counts(events, customers, int(pieces or 0))
    return found
