"""Which campaigns send messages now, and for how many there is money."""

from __future__ import annotations

from datetime import datetime

from launchopt.campaigns.channels import Sender
from launchopt.campaigns.models import Campaign
from launchopt.campaigns.selectors import campaigns_serving


def open_campaigns(channel: Sender, *, now: datetime) -> list[Campaign]:
    """The campaigns of a channel that run at this instant on the clock of the wall."""
    found = campaigns_serving(channels=[channel.name], since=now, until=now, with_simulated=False)
    return [campaign for campaign in found if campaign.launch.status == "running"]


def affordable(campaigns: list[Campaign]) -> int:
    """How many messages the money covers that pacing has let out."""
    left = ((c.allowance - c.reserved - c.spent) // c.cost_per_contact for c in campaigns)
    return sum(max(int(count), 0) for count in left)
