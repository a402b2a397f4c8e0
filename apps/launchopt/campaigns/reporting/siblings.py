"""What the launch did to products like its own: how much of it came from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from launchopt.campaigns.models import Launch
from launchopt.catalog.selectors import siblings_of
from launchopt.experiments.results import launch_effect


def cannibalisation_of(
    launch: Launch, effect: dict[str, Any], *, until: datetime | None = None
) -> dict[str, Any]:
    """The effect on purchases of siblings per customer, measured against the held-out.

    `share` is what the siblings lost for each purchase that the launch caused. It is None unless
    both the gain and the loss are beyond chance: a share of noise says nothing.
    """
    siblings = siblings_of(launch.product)
    if launch.experiment is None or launch.started_at is None or not siblings:
        return {"siblings": len(siblings), "estimate": None, "interval": None, "share": None}
    found = launch_effect(launch.experiment, until=until, product_ids=siblings)
    lost, gained = found["interval"], effect["interval"]
    is_told = bool(lost and gained and lost[1] < 0 < gained[0])
    return {
        "siblings": len(siblings),
        "estimate": found["estimate"],
        "interval": lost,
        "share": -found["estimate"] / effect["estimate"] if is_told else None,
    }
