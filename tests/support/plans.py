"""Launches drafted and planned by the body of the job, on interest scores that stand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from launchopt.audiences.models import Consent, Customer
from launchopt.campaigns import services
from launchopt.campaigns.models import Launch
from launchopt.operations.runs import Work
from launchopt_workers.planning.tasks import plan_launch
from tests.support.launches import NOW, make_customers, make_product
from tests.support.shops import score


def draft(**given: Any) -> Launch:
    """A launch of the mug that is to be planned."""
    wish: dict[str, Any] = {"sku": "MUG-1", "budget": Decimal("5.00"), "currency": "GBP"}
    wish |= {"starts_at": NOW, "ends_at": NOW + timedelta(days=14)}
    return services.draft_launch(wish=services.Wish(**(wish | given)), by="anna", now=NOW)


def plan(launch: Launch) -> Launch:
    """Plan it, as a worker would."""
    services.begin_plan(launch=launch, by="anna", now=NOW)
    plan_launch(Work(None, clock=lambda: NOW), launch_id=str(launch.pk), as_of=NOW.isoformat())
    return Launch.objects.get(pk=launch.pk)


def planned(**given: Any) -> Launch:
    """A launch of the mug with its plan."""
    return plan(draft(**given))


def make_shop() -> list[Customer]:
    """300 customers, of whom 280 agreed, with falling chances to buy the mug."""
    product = make_product()
    customers = make_customers(300)
    Consent.objects.filter(customer__in=customers[280:]).update(is_granted=False)
    score(product, customers, chances=[0.3 / (1 + n / 20) for n in range(300)])
    return customers
