"""Running launches to everybody in the benchmark's shop, with money and room for every question."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection

from launchopt import testing
from launchopt.audiences.models import Customer
from launchopt.campaigns.models import Campaign, Launch

PLENTY = Decimal("10000000")
OFFERS = 2  # launches that may speak to a customer

CUSTOMERS = """
    INSERT INTO launchopt_audiences_customer
        (external_id, is_anonymous, email, phone, gender, interests, country, time_zone, language,
         created_at, updated_at)
    SELECT 'customer-' || n, false, '', '', '', '', '', '', '', now(), now()
    FROM generate_series(%s, %s - 1) n
    ON CONFLICT DO NOTHING
"""
CONSENTS = """
    INSERT INTO launchopt_audiences_consent (customer_id, purpose, is_granted, recorded_at, source)
    SELECT id, 'marketing', true, now(), 'benchmark' FROM launchopt_audiences_customer
    ON CONFLICT DO NOTHING
"""
MEMBERS = """
    INSERT INTO launchopt_audiences_audiencemember (audience_id, customer_id, probability)
    SELECT (%s::uuid[])[1 + (c.id + k * 7) %% %s], c.id, 0.1
    FROM launchopt_audiences_customer c CROSS JOIN generate_series(0, %s - 1) k
    ON CONFLICT DO NOTHING
"""


def start(*, customers: int, launches: int, now: datetime) -> None:
    """Launch products to all customers; does nothing where as many launches run already."""
    running = Launch.objects.filter(status=Launch.Status.RUNNING, ends_at__gt=now)
    if running.count() == launches and Customer.objects.count() >= customers:
        return
    _run(CUSTOMERS, [Customer.objects.count(), customers])
    _run(CONSENTS, [])
    products = [testing.make_product(f"NEW-{number}", now=now) for number in range(launches)]
    first = list(Customer.objects.order_by("pk")[:2])
    for product in products:
        testing.make_running_launch(
            product=product,
            customers=first,
            now=now - timedelta(minutes=1),
            budget=PLENTY,
            days=1,
        )
    Launch.objects.update(cap_contacts=30_000, cap_window_hours=1)
    Campaign.objects.update(allowance=PLENTY)
    audiences = list(Campaign.objects.values_list("audience", flat=True))
    _run(MEMBERS, [audiences, len(audiences), min(OFFERS, len(audiences))])


def _run(statement: str, given: list[object]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
