"""What a change below means for campaigns: a product's new facts make its creatives stale, an
exposure confirms its decision, a visitor's contacts become the customer's, a message arrives, who
is erased is erased from what was told others.

Bulk imports send no signal; `creatives.mark_stale` finds what they changed when launches are paced.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from launchopt.audiences.models import EventKind
from launchopt.audiences.signals import customers_erased, customers_identified, events_recorded
from launchopt.campaigns.creatives.serving import mark_stale
from launchopt.campaigns.delivering import webhook
from launchopt.campaigns.models import Decision
from launchopt.campaigns.services import confirm_exposures
from launchopt.catalog.models import Product
from launchopt.operations.models import WebhookDelivery
from launchopt.operations.webhooks.events import MESSAGE_DECIDED
from launchopt.operations.webhooks.signals import webhook_finished


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


@receiver(customers_erased, dispatch_uid="launchopt.campaigns.customers_erased")
def customer_erased(*, customer_ids: Sequence[int], **_: Any) -> None:
    """What was told of them to the shop's sender is forgotten too."""
    decisions = Decision.objects.filter(customer__in=customer_ids).values_list("pk", flat=True)
    keys = [str(pk) for pk in decisions]
    WebhookDelivery.objects.filter(event=MESSAGE_DECIDED, key__in=keys).delete()


@receiver(webhook_finished, dispatch_uid="launchopt.campaigns.webhook_finished")
def delivery_finished(*, delivery: WebhookDelivery, now: datetime, **_: Any) -> None:
    """What came of a message's webhook is what came of the message."""
    if delivery.event == MESSAGE_DECIDED:
        webhook.told_of(delivery, now=now)
