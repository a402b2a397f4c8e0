"""Questions about launches, campaigns and decisions. They write nothing and read no clock."""

from launchopt.campaigns.selectors.launches import (
    SERVING,
    campaigns_serving,
    launch_named,
    placements_named,
)
from launchopt.campaigns.selectors.moments import Moment, Offer, moment_of

__all__ = [
    "SERVING",
    "Moment",
    "Offer",
    "campaigns_serving",
    "launch_named",
    "moment_of",
    "placements_named",
]
