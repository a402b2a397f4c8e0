"""When and how often customers are in the shop, as known before an instant."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from launchopt.audiences.models import Customer
from launchopt.conf import launchopt_settings
from launchopt_core.errors import UnknownTimeZone
from launchopt_core.schedule import HOURS_OF_DAY, HOURS_OF_WEEK, zone_of

# What a shopper does in the shop; an exposure or a delivery is done to them.
DONE_BY_SHOPPERS = (
    "view", "click", "favourite", "cart", "purchase", "rating", "review", "like", "dislike",
    "share", "comment", "search", "open",
)  # fmt: skip


@dataclass(frozen=True)
class Presence:
    """Members of an audience, and how many of them came by within some days."""

    members: int
    came: int
    visits_a_day: float  # customer-days with any event, per day


def hour_counts(audience: uuid.UUID, *, before: datetime) -> list[int]:
    """Events of an audience's members by local hour of the week, Monday 00:00 first; 168 counts."""
    counts = [0] * HOURS_OF_WEEK
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (extract(isodow FROM local)::int - 1) * 24 + extract(hour FROM local)::int,
                   count(*)
            FROM (
                SELECT e.occurred_at AT TIME ZONE
                       CASE WHEN c.time_zone = ANY(%(zones)s) THEN c.time_zone
                            ELSE %(zone)s END AS local
                FROM launchopt_audiences_audiencemember m
                JOIN launchopt_audiences_customer c ON c.id = m.customer_id
                JOIN launchopt_audiences_event e ON e.customer_id = m.customer_id
                WHERE m.audience_id = %(audience)s AND e.occurred_at < %(before)s
                  AND e.kind = ANY(%(kinds)s)
            ) AS seen GROUP BY 1
            """,
            _parameters(audience, before) | {"zones": list(zones_of(audience))},
        )
        for hour, count in cursor.fetchall():
            counts[hour] = count
    return counts


def zones_of(audience: uuid.UUID) -> dict[str, int]:
    """How many of an audience's members live in each time zone; the shop's where none is known."""
    shop = launchopt_settings().time_zone
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(nullif(c.time_zone, ''), %s), count(*)
            FROM launchopt_audiences_audiencemember m
            JOIN launchopt_audiences_customer c ON c.id = m.customer_id
            WHERE m.audience_id = %s GROUP BY 1
            """,
            [shop, audience],
        )
        rows = cursor.fetchall()
    zones: dict[str, int] = {}
    for name, count in rows:
        known = name if _is_zone(name) else shop
        zones[known] = zones.get(known, 0) + count
    return zones or {shop: 1}


def zones_of_customers() -> list[str]:
    """The time zones that customers name and that exist."""
    named = Customer.objects.exclude(time_zone="").values_list("time_zone", flat=True)
    return [name for name in named.distinct().order_by() if _is_zone(name)]


def presence_of(audience: uuid.UUID, *, before: datetime, days: int) -> Presence:
    """Who came by in the days before an instant."""
    since = before - timedelta(days=days)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(DISTINCT e.customer_id),
                   count(DISTINCT (e.customer_id, date_trunc('day', e.occurred_at)))
            FROM launchopt_audiences_audiencemember m
            JOIN launchopt_audiences_event e ON e.customer_id = m.customer_id
            WHERE m.audience_id = %(audience)s AND e.kind = ANY(%(kinds)s)
              AND e.occurred_at < %(before)s AND e.occurred_at >= %(since)s
            """,
            _parameters(audience, before) | {"since": since},
        )
        came, customer_days = cursor.fetchone()
        cursor.execute(
            "SELECT count(*) FROM launchopt_audiences_audiencemember WHERE audience_id = %s",
            [audience],
        )
        members = cursor.fetchone()[0]
    return Presence(members, came, customer_days / days)


def _parameters(audience: uuid.UUID, before: datetime) -> dict[str, object]:
    return {
        "audience": audience,
        "before": before,
        "zone": launchopt_settings().time_zone,
        "kinds": list(DONE_BY_SHOPPERS),
    }


def _is_zone(name: str) -> bool:
    try:
        zone_of(name)
    except UnknownTimeZone:
        return False
    return True


__all__ = ["HOURS_OF_DAY", "Presence", "hour_counts", "presence_of", "zones_of"]
