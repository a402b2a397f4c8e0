"""A shop with launches behind it, written straight into PostgreSQL: `events` of them in all.

Half of the events are views that no launch counts; the rest are what customers did about decisions:
exposures (one in twenty twice), clicks, purchases (half of them name no decision) and returns.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

LAUNCHES, DAYS = 20, 14
SINCE = datetime(2026, 3, 2, tzinfo=UTC)
NOW = SINCE + timedelta(days=DAYS)
SPAN = timedelta(minutes=5)  # from tick to tick
BEFORE = timedelta(days=30)  # of views and purchases before the launches

# Each customer may be decided about by two launches; one decision in ten is to hold out.
ASSIGNMENTS = """
    INSERT INTO launchopt_experiments_assignment
        (experiment_id, customer_id, variant_id, phase, assigned_at)
    SELECT l.experiment_id, c.id, v.id, 1, %(since)s + random() * interval '13 days'
    FROM (SELECT *, row_number() OVER (ORDER BY id) - 1 AS number FROM launchopt_campaigns_launch) l
    JOIN launchopt_audiences_customer c
      ON l.number IN (c.id %% %(launches)s, (c.id * 7 + 3) %% %(launches)s)
    JOIN launchopt_experiments_variant v ON v.experiment_id = l.experiment_id
     AND v.is_control = (hashint8(c.id * 31 + l.number) %% 10 = 0)
    ON CONFLICT DO NOTHING
"""

INDEXES = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE tablename IN ('launchopt_campaigns_decision', 'launchopt_audiences_event')
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)
"""

# `state`, `first` and `span` say how far the decisions have come, and when they are made.
DECISIONS = """
    WITH picked AS (
        SELECT a.*, row_number() OVER (ORDER BY random()) - 1 AS place
        FROM launchopt_experiments_assignment a
    ), many AS (
        SELECT count(*) AS people FROM launchopt_experiments_assignment
    ), made AS (
        SELECT p.*, random() AS at, random() < 0.7 AS on_site
        FROM generate_series(0, %(decisions)s - 1) AS n CROSS JOIN many m
        JOIN picked p ON p.place = n %% m.people
    )
    INSERT INTO launchopt_campaigns_decision
        (id, customer_id, placement_id, channel, launch_id, campaign_id, creative_id, variant,
         phase, reason, propensity, policy_version, candidates, context, cost, state, decided_at,
         expires_at, exposed_at)
    SELECT gen_random_uuid(), m.customer_id, 'home', k.channel, k.launch_id, k.id, w.id, v.name, 1,
           CASE WHEN v.is_control THEN 'holdout' ELSE 'shown' END, 1, 'benchmark', '[]', '{}',
           CASE WHEN v.is_control THEN 0 ELSE 0.02 END,
           CASE WHEN v.is_control THEN 'silent' ELSE %(state)s END,
           %(first)s + m.at * %(span)s::interval,
           CASE WHEN v.is_control THEN NULL ELSE %(first)s + (m.at + 1) * %(span)s::interval END,
           CASE WHEN v.is_control OR %(state)s = 'reserved' THEN NULL
                ELSE %(first)s + m.at * %(span)s::interval + interval '5 seconds' END
    FROM made m
    JOIN launchopt_experiments_variant v ON v.id = m.variant_id
    JOIN launchopt_campaigns_launch l ON l.experiment_id = m.experiment_id
    JOIN launchopt_campaigns_campaign k ON k.launch_id = l.id
     AND k.channel = CASE WHEN m.on_site THEN 'onsite' ELSE 'email' END
    LEFT JOIN launchopt_campaigns_creative w ON w.launch_id = l.id AND w.channel = k.channel
     AND NOT v.is_control
"""

RESERVE = """
    UPDATE launchopt_campaigns_campaign k SET reserved = k.reserved + d.cost
    FROM (SELECT campaign_id, sum(cost) AS cost FROM launchopt_campaigns_decision
          WHERE state = 'reserved' AND decided_at >= %(first)s GROUP BY campaign_id) AS d
    WHERE k.id = d.campaign_id
"""

EVENT = """
    INSERT INTO launchopt_audiences_event
        (message_id, customer_id, product_id, kind, occurred_at, received_at, quantity, price,
         currency, order_id, session, text, decision_id, is_randomised)
    SELECT gen_random_uuid(), customer_id, product_id, kind, at, at + interval '1 second',
           1 + (random() * 2)::int, round((random() * 50)::numeric, 2), 'GBP', '', '', '',
           decision_id, false
    FROM ({rows}) AS rows
"""

ANSWERS = EVENT.format(
    rows="""
        SELECT d.customer_id, l.product_id, k.kind, d.decided_at + k.after AS at,
               CASE WHEN k.is_named THEN d.id END AS decision_id
        FROM launchopt_campaigns_decision d JOIN launchopt_campaigns_launch l ON l.id = d.launch_id
        CROSS JOIN LATERAL (
            SELECT 'exposure' AS kind, interval '5 seconds' AS after, true AS is_named
            WHERE d.state <> 'silent' AND random() < 0.95
            UNION ALL
            SELECT 'exposure', random() * interval '10 minutes', true
            WHERE d.state <> 'silent' AND random() < 0.05
            UNION ALL
            SELECT 'click', random() * %(within)s::interval / 100, true
            WHERE d.state <> 'silent' AND random() < 0.08
            UNION ALL
            SELECT 'purchase', random() * %(within)s::interval, random() < 0.5
            WHERE random() < 0.02
            UNION ALL
            SELECT 'return', %(within)s::interval, random() < 0.5
            WHERE random() < 0.002
        ) AS k
        WHERE d.recorded_in >= %(from)s
    """
)

REST = EVENT.format(
    rows="""
        SELECT 1 + (random() * (%(customers)s - 1))::bigint + %(first_customer)s - 1 AS customer_id,
               1 + (random() * 999)::bigint + %(first_product)s - 1 AS product_id,
               CASE WHEN random() < 0.95 THEN 'view' ELSE 'purchase' END AS kind,
               %(first)s + random() * %(span)s::interval AS at, NULL::uuid AS decision_id
        FROM generate_series(1, %(events)s)
    """
)


def build(*, events: int) -> None:
    """The shop, its launches, and so many events of them."""
    from launchopt.audiences.partitions import ensure_partitions

    ensure_partitions(since=SINCE - BEFORE, until=NOW + BEFORE)
    first_customer, customers = _people(max(2_000, events // 20))
    first_product = _products(1_000)
    _launches(first_product)
    where = {"customers": customers, "first_customer": first_customer}
    where |= {"first_product": first_product}
    with _in_bulk():
        _run(ASSIGNMENTS, since=SINCE, launches=LAUNCHES)
        _run("ANALYZE")
        _tell(events, state="confirmed", first=SINCE, span=timedelta(days=DAYS), **where)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def add(*, events: int, tick: int) -> int:
    """So many new events of the last minutes, decisions and all; gives how many there are."""
    where = _where()
    before = _count()
    first = NOW + tick * SPAN
    _tell(events, state="reserved", first=first, span=SPAN, **where)
    _run(RESERVE, first=first)
    return _count() - before


@contextmanager
def _in_bulk() -> Iterator[None]:
    """Without checks of foreign keys, and with the indexes made once at the end."""
    with connection.cursor() as cursor:
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("RESET session_replication_role")
        for _, definition in indexes:
            cursor.execute(definition.replace(" ON ONLY ", " ON "))


def _tell(events: int, *, state: str, first: datetime, span: timedelta, **where: int) -> None:
    """Decisions, their answers, and the rest of the events."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        (upto,) = cursor.fetchone()
    before = _count()
    _run(DECISIONS, decisions=events // 2, state=state, first=first, span=span)
    within = span if state == "reserved" else timedelta(days=5)
    _run(ANSWERS, within=within, **{"from": upto})
    told = _count() - before
    early = BEFORE if state == "confirmed" else timedelta(0)
    _run(REST, events=events - told, first=first - early, span=span + early, **where)


def _people(count: int) -> tuple[int, int]:
    from launchopt import testing

    testing.make_customers(10, now=SINCE, prefix="guest-")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO launchopt_audiences_customer
                (external_id, is_anonymous, email, phone, gender, interests, country, time_zone,
                 language, created_at, updated_at)
            SELECT 'c' || n, false, '', '', '', '', '', '', '', %s, %s
            FROM generate_series(1, %s) AS n RETURNING id
            """,
            [SINCE, SINCE, count],
        )
        (first,) = cursor.fetchone()
    return first, count


def _products(count: int) -> int:
    from launchopt.catalog.models import Product

    rows = Product.objects.bulk_create(
        Product(sku=f"P{n}", title=f"Product {n}", created_at=SINCE, updated_at=SINCE,
                price=10, currency="GBP")
        for n in range(count)
    )  # fmt: skip
    return rows[0].pk


def _launches(first_product: int) -> None:
    from launchopt import testing
    from launchopt.audiences.models import Customer
    from launchopt.campaigns.models import Campaign, Placement
    from launchopt.catalog.models import Product

    Placement.objects.get_or_create(name="home", defaults={"channel": "onsite"})
    guests = list(Customer.objects.filter(external_id__startswith="guest-"))
    for product in Product.objects.filter(pk__gte=first_product)[:LAUNCHES]:
        launch = testing.make_running_launch(
            product=product, customers=guests, now=SINCE, days=DAYS, budget=10_000_000
        )
        onsite = launch.campaigns.get()
        Campaign.objects.create(
            launch=launch, channel="email", audience=onsite.audience, cost_per_contact="0.02"
        )


def _where() -> dict[str, int]:
    from launchopt.audiences.models import Customer
    from launchopt.catalog.models import Product

    people = Customer.objects.filter(external_id__startswith="c").order_by("pk")
    return {
        "customers": people.count(),
        "first_customer": people.first().pk,
        "first_product": Product.objects.earliest("pk").pk,
    }


def _count() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM launchopt_audiences_event")
        return int(cursor.fetchone()[0])


def _run(statement: str, **given: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, given or None)
