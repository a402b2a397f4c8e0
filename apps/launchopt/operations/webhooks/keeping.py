"""How long deliveries are kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from launchopt.conf import launchopt_settings
from launchopt.operations.webhooks.models import WebhookDelivery


def delete_old(*, now: datetime) -> int:
    """Delete what ended long ago, as the setting WEBHOOK_KEPT_DAYS says; gives how many."""
    days = launchopt_settings().webhook_kept_days
    ended = WebhookDelivery.objects.exclude(state=WebhookDelivery.State.WAITING)
    return ended.filter(created_at__lt=now - timedelta(days=days)).delete()[0]
