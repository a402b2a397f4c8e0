"""A small shop with interest scores and personas, as the prediction worker would leave it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from launchopt.audiences.models import Customer, Event, InterestScore, Persona
from launchopt.catalog.models import Product
from launchopt.operations.models import ModelVersion
from tests.support.launches import NOW, make_product


def make_model(*, source: str = "launches") -> ModelVersion:
    """An interest model; `source` is launches or prior."""
    rate = {"value": 0.001, "source": "launches" if source == "launches" else "prior"}
    return ModelVersion.objects.create(
        name="interest", card={"source": source, "daily_rate": rate}, created_at=NOW
    )


def score(
    product: Product,
    customers: Sequence[Customer],
    *,
    chances: Sequence[float],
    as_of: datetime = NOW,
    days: int = 14,
    model: ModelVersion | None = None,
) -> None:
    """Interest scores, as known at an instant."""
    model = model or make_model()
    order = sorted(range(len(customers)), key=lambda n: -chances[n])
    InterestScore.objects.bulk_create(
        InterestScore(
            product=product,
            customer=customers[n],
            probability=chances[n],
            rank=rank,
            model_version=model,
            as_of=as_of,
            horizon_days=days,
        )
        for rank, n in enumerate(order, start=1)
    )


def portray(customers: Sequence[Customer], *, interest: str) -> None:
    """Personas of customers who like one category most."""
    Persona.objects.bulk_create(
        Persona(
            customer=customer,
            interests=[{"name": interest, "kind": "category", "weight": 0.9}],
            recency=3,
            frequency=3,
            monetary=3,
            as_of=NOW,
        )
        for customer in customers
    )


def happened(
    customers: Sequence[Customer],
    kind: str,
    *,
    at: datetime,
    product: Product | None = None,
    **fields: Any,
) -> None:
    """The same event for each of these customers."""
    Event.objects.bulk_create(
        Event(
            message_id=uuid.uuid4(),
            customer=customer,
            product=product,
            kind=kind,
            occurred_at=at,
            received_at=at,
            **fields,
        )
        for customer in customers
    )


def past_launch(
    sku: str,
    customers: Sequence[Customer],
    *,
    days_ago: int = 60,
    buyers: int = 20,
    shown: int = 0,
    clicked: int = 0,
    pieces: int = 1,
) -> Product:
    """A product launched some days before NOW, and what its first days brought."""
    at = NOW - timedelta(days=days_ago)
    product = make_product(sku, launched_at=at)
    soon = at + timedelta(days=1)
    happened(customers[:buyers], "purchase", at=soon, product=product, quantity=pieces)
    happened(customers[:shown], "exposure", at=soon, product=product)
    happened(customers[:clicked], "click", at=soon, product=product)
    return product
