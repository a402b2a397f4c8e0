"""A product, customers, and what they do, for the stories told here."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from launchopt.audiences.models import Customer, Event
from launchopt.audiences.partitions import ensure_partitions
from launchopt.catalog.models import Product
from launchopt.experiments import outcomes, services
from launchopt.experiments.models import Experiment

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)


class Shop:
    """One product and its shoppers."""

    def __init__(self) -> None:
        self.product = self.new_product("LAMP")

    def new_product(self, sku: str) -> Product:
        return Product.objects.create(sku=sku, title=sku, created_at=NOW, updated_at=NOW)

    def customers(self, count: int, prefix: str = "c") -> list[int]:
        rows = Customer.objects.bulk_create(
            Customer(external_id=f"{prefix}{number}", created_at=NOW, updated_at=NOW)
            for number in range(count)
        )
        return [row.pk for row in rows]

    def event(self, customer: int, kind: str = "purchase", **fields: Any) -> Event:
        defaults = {
            "message_id": uuid.uuid4(),
            "customer_id": customer,
            "product": self.product,
            "kind": kind,
            "occurred_at": NOW + DAY,
            "received_at": NOW + DAY,
            "price": "10.00",
        }
        return Event(**defaults | fields)

    def purchases(self, customers: list[int], **fields: Any) -> None:
        Event.objects.bulk_create(self.event(customer, **fields) for customer in customers)

    def experiment(self, **options: Any) -> Experiment:
        defaults: dict[str, Any] = {
            "name": "Launch of a lamp",
            "weights": {"holdout": 0.5, "warm": 0.5},
            "product_id": self.product.pk,
            "now": NOW,
        }
        experiment = services.register_experiment(**defaults | options)
        return services.start_experiment(experiment=experiment, now=NOW)


def counted(experiment: Experiment) -> int:
    """How many customers an experiment's results count."""
    found = outcomes.groups(experiment, metric=experiment.primary_metric)
    return sum(group.moments.count for group in found)


@pytest.fixture
def shop(db: None) -> Shop:
    ensure_partitions(since=NOW - 60 * DAY, until=NOW + 60 * DAY)
    return Shop()


@pytest.fixture
def analyst(db: None) -> Client:
    """A browser of an analyst."""
    user = get_user_model().objects.create_user("ana", password="x", is_staff=True)
    user.groups.add(Group.objects.get(name="analyst"))
    client = Client()
    client.force_login(user)
    return client
