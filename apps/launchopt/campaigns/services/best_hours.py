"""In which hours each customer is likeliest to be in the shop: learned nightly, for all at once.

An hour with the customer in the shop counts once, whatever they did in it. Their own hours are
drawn towards those of their persona's segment, these towards everybody's, and these towards an
assumed day: means of Dirichlet posteriors, each prior counting as so many hours. Working days and
weekends are learned apart, each of their days together: few are seen on every weekday.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from launchopt.campaigns.models import BestHours
from launchopt.campaigns.selectors.activity import DONE_BY_SHOPPERS, zones_of_customers
from launchopt.conf import launchopt_settings
from launchopt_core.schedule import DAY_CURVE

LEARNED_FROM = timedelta(days=180)
OWN_PRIOR = 50.0  # hours that a segment's habits count as, beside a customer's own
SEGMENT_PRIOR = 200.0  # those that everybody's count as, beside a segment's
DAY_PRIOR = 200.0  # those that the assumed day counts as, beside everybody's


@transaction.atomic
def learn_best_hours(*, now: datetime) -> int:
    """Learn the best hours of all who were in the shop in the last 180 days; gives how many.

    Hours in which outbound channels are quiet are never the best. Who has not been seen keeps none,
    and is written to at the plan's hours. Nothing from `now` on is known.
    """
    shop = launchopt_settings()
    asked = {
        "now": now,
        "since": now - LEARNED_FROM,
        "kinds": list(DONE_BY_SHOPPERS),
        "zone": shop.time_zone,
        "zones": zones_of_customers(),
        "hours": _hours_to_write_in(*shop.quiet_hours),
        "curve": list(DAY_CURVE),
        "own": OWN_PRIOR,
        "segment": SEGMENT_PRIOR,
        "day": DAY_PRIOR,
    }
    with connection.cursor() as cursor:
        cursor.execute(LEARN, asked)
        learned = int(cursor.rowcount)
    BestHours.objects.exclude(as_of=now).delete()
    return learned


def _hours_to_write_in(quiet_from: int, quiet_until: int) -> list[int]:
    """The whole hours of the day that are not quiet; all where every hour is."""
    first, last = quiet_from % 24, quiet_until % 24
    quiet = set(range(first, last)) if first <= last else {*range(first, 24), *range(last)}
    return sorted(set(range(24)) - quiet) or list(range(24))


LEARN = """
    WITH seen AS MATERIALIZED (
        SELECT DISTINCT coalesce(c.merged_into_id, c.id) AS customer_id, date_trunc(
            'hour', e.occurred_at AT TIME ZONE
            CASE WHEN c.time_zone = ANY(%(zones)s) THEN c.time_zone ELSE %(zone)s END
        ) AS at
        FROM launchopt_audiences_event e JOIN launchopt_audiences_customer c ON c.id = e.customer_id
        WHERE e.occurred_at >= %(since)s AND e.occurred_at < %(now)s AND e.kind = ANY(%(kinds)s)
    ), own AS MATERIALIZED (
        SELECT s.customer_id, p.segment_id, extract(isodow FROM s.at) >= 6 AS is_weekend,
               extract(hour FROM s.at)::int AS hour, count(*)::float8 AS n
        FROM seen s LEFT JOIN launchopt_audiences_persona p ON p.customer_id = s.customer_id
        GROUP BY 1, 2, 3, 4
    ), grid AS (
        SELECT is_weekend, hour - 1 AS hour, share / sum(share) OVER (PARTITION BY is_weekend) AS q
        FROM unnest(%(curve)s::float8[]) WITH ORDINALITY AS c (share, hour)
        CROSS JOIN (VALUES (false), (true)) AS w (is_weekend)
    ), everybody AS MATERIALIZED (
        SELECT g.is_weekend, g.hour, (coalesce(n, 0) + %(day)s * q)
               / (sum(coalesce(n, 0)) OVER (PARTITION BY g.is_weekend) + %(day)s) AS q
        FROM grid g LEFT JOIN (
            SELECT is_weekend, hour, sum(n) AS n FROM own GROUP BY 1, 2
        ) t USING (is_weekend, hour)
    ), segments AS MATERIALIZED (
        SELECT a.segment_id, e.is_weekend, e.hour, (coalesce(n, 0) + %(segment)s * q)
               / (sum(coalesce(n, 0)) OVER (PARTITION BY a.segment_id, e.is_weekend) + %(segment)s)
               AS q
        FROM (SELECT DISTINCT segment_id FROM own) a CROSS JOIN everybody e
        LEFT JOIN (
            SELECT segment_id, is_weekend, hour, sum(n) AS n FROM own
            WHERE segment_id IS NOT NULL GROUP BY 1, 2, 3
        ) t ON t.segment_id = a.segment_id AND t.is_weekend = e.is_weekend AND t.hour = e.hour
    ), usual AS (
        SELECT DISTINCT ON (segment_id, is_weekend) segment_id, is_weekend, hour, q
        FROM segments WHERE hour = ANY(%(hours)s)
        ORDER BY segment_id, is_weekend, q DESC, hour
    ), known AS (
        SELECT customer_id, segment_id, sum(n) AS n FROM own GROUP BY 1, 2
    ), choices AS (
        -- Of the hours in which a customer was not seen, only the segment's best can be theirs.
        SELECT k.customer_id, u.is_weekend, u.hour, %(own)s * u.q AS score
        FROM known k JOIN usual u ON u.segment_id IS NOT DISTINCT FROM k.segment_id
        UNION ALL
        SELECT o.customer_id, o.is_weekend, o.hour, o.n + %(own)s * s.q
        FROM own o JOIN segments s ON s.segment_id IS NOT DISTINCT FROM o.segment_id
         AND s.is_weekend = o.is_weekend AND s.hour = o.hour
        WHERE o.hour = ANY(%(hours)s)
    ), best AS (
        SELECT DISTINCT ON (customer_id, is_weekend) customer_id, is_weekend, hour
        FROM choices ORDER BY customer_id, is_weekend, score DESC, hour
    )
    INSERT INTO launchopt_campaigns_besthours (customer_id, weekday, weekend, hours_seen, as_of)
    SELECT customer_id, max(hour) FILTER (WHERE NOT is_weekend),
           max(hour) FILTER (WHERE is_weekend), max(k.n), %(now)s
    FROM best JOIN known k USING (customer_id) GROUP BY customer_id
    ON CONFLICT (customer_id) DO UPDATE SET weekday = excluded.weekday,
        weekend = excluded.weekend, hours_seen = excluded.hours_seen, as_of = excluded.as_of
"""
