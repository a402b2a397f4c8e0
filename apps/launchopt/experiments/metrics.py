"""The metrics that are shipped, each with the definition that stands beside its figures."""

from __future__ import annotations

from typing import Any

from launchopt.audiences.models import EventKind
from launchopt.experiments.models import Metric

CONVERSION = "conversion"
SHOP_REVENUE = "shop-revenue"

METRICS = (
    Metric(
        name=CONVERSION,
        kind=Metric.Kind.MEAN,
        event_kind=EventKind.PURCHASE,
        definition="Purchases of the product per customer, over all customers assigned.",
    ),
    Metric(
        name="buyers",
        kind=Metric.Kind.PROPORTION,
        event_kind=EventKind.PURCHASE,
        definition="Share of the assigned customers who bought the product at least once.",
    ),
    Metric(
        name="revenue",
        kind=Metric.Kind.MEAN,
        event_kind=EventKind.PURCHASE,
        of_value=True,
        definition="Price x quantity bought of the product per assigned customer; a customer's sum "
        "above that of 999 in 1,000 buyers counts as theirs.",
    ),
    Metric(
        name=SHOP_REVENUE,
        kind=Metric.Kind.MEAN,
        event_kind=EventKind.PURCHASE,
        of_value=True,
        of_product=False,
        definition="Price x quantity bought of all products per assigned customer; a customer's "
        "sum above that of 999 in 1,000 buyers counts as theirs.",
    ),
)


def ensure_metrics(**_: Any) -> None:
    """Create the shipped metrics that are not there; what a person changed stays."""
    Metric.objects.bulk_create(METRICS, ignore_conflicts=True)
