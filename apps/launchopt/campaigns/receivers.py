"""What a change below means for campaigns: a product's new facts make its creatives stale, an
exposure confirms its decision, a visitor's contacts become the customer's.

Bulk imports send no signal; `creatives.mark_stale` finds what they changed when launches are paced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from launchopt.audiences.models import EventKind
from launchopt.audiences.signals import customers_identified, events_recorded
from launchopt.campaigns.creatives.serving import mark_stale
from launchopt.campaigns.models import Decision
from launchopt.campaigns.services import confirm_exposures
from launchopt.catalog.models import Product


@receiver(post_save, sender=Product, dispatch_uid="launchopt.campaigns.product_saved")
def product_saved(*, instance: Product, created: bool, **_: Any) -> None:
    """Take creatives out of service that state what is no longer true."""
    if not created:
        mark_stale(now=instance.updated_at, product_ids=[instance.pk])


@receiver(events_recorded, dispatch_uid="launchopt.campaigns.events_recorded")
def answers_recorded(*, events: Sequence[Any], **_: Any) -> None:
    """Confirm the decisions whose exposure was told."""
    seen = {e.decision_id: e.occurred_at for e in events if e.kind == EventKind.EXPOSURE}
    if seen:
        confirm_exposures(exposures=seen)


@receiver(customers_identified, dispatch_uid="launchopt.campaigns.customers_identified")
def customer_identified(*, source_id: int, target_id: int, **_: Any) -> None:
    """What a visitor was shown counts for the customer from now on."""
    Decision.objects.filter(customer=source_id).update(customer=target_id)
