"""What a change below means for campaigns: a product's new facts make its creatives stale.

Bulk imports send no signal; `creatives.mark_stale` finds what they changed when launches are paced.
"""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from launchopt.campaigns.creatives.serving import mark_stale
from launchopt.catalog.models import Product


@receiver(post_save, sender=Product, dispatch_uid="launchopt.campaigns.product_saved")
def product_saved(*, instance: Product, created: bool, **_: Any) -> None:
    """Take creatives out of service that state what is no longer true."""
    if not created:
        mark_stale(now=instance.updated_at, product_ids=[instance.pk])
