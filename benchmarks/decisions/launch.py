"""A running launch to everybody in the benchmark's shop, with money and room for every question."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from launchopt import testing
from launchopt.audiences.models import Consent, Customer
from launchopt.campaigns.models import Campaign, Launch
from launchopt.catalog.models import Product

PLENTY = Decimal("10000000")


def start(*, now: datetime) -> None:
    """Launch a product to all customers; does nothing where the launch runs already."""
    if Launch.objects.filter(status=Launch.Status.RUNNING, ends_at__gt=now).exists():
        return
    customers = list(Customer.objects.all())
    Consent.objects.bulk_create(
        (
            Consent(customer=c, purpose="marketing", is_granted=True, recorded_at=now)
            for c in customers
        ),
        ignore_conflicts=True,
        batch_size=2000,
    )
    launch = testing.make_running_launch(
        product=Product.objects.earliest("pk"),
        customers=customers,
        now=now - timedelta(minutes=1),
        budget=PLENTY,
        days=1,
    )
    Launch.objects.filter(pk=launch.pk).update(cap_contacts=30_000, cap_window_hours=1)
    Campaign.objects.filter(launch=launch).update(allowance=PLENTY)
