"""Launches, their campaigns and the places in which they show something."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from launchopt.campaigns.models import Campaign, Launch
from launchopt.operations.errors import NotFound

SERVING = (Launch.Status.RUNNING, Launch.Status.PAUSED)


def launch_named(name: str | uuid.UUID) -> Launch:
    """The launch with this id. Raises NotFound."""
    try:
        key = uuid.UUID(str(name))
    except ValueError:
        raise NotFound(f"{str(name)[:60]!r} is no id of a launch.") from None
    launch = Launch.objects.select_related("product", "experiment").filter(pk=key).first()
    if launch is None:
        raise NotFound(f"There is no launch {key}.")
    return launch


def campaigns_serving(
    *, channels: Iterable[str], since: datetime, until: datetime, with_simulated: bool
) -> list[Campaign]:
    """Campaigns of running and paused launches in these channels, at any instant from `since` to
    `until`, with launch, product and experiment.

    Launches on a clock of their own are left out unless asked for.
    """
    rows = Campaign.objects.filter(
        channel__in=set(channels),
        is_active=True,
        launch__status__in=SERVING,
        launch__starts_at__lte=until,
        launch__ends_at__gt=since,
    ).select_related("launch__product__category", "launch__experiment")
    if not with_simulated:
        rows = rows.filter(launch__is_simulated=False)
    return list(rows.order_by("pk"))
