"""Questions about launches, campaigns and decisions. They write nothing and read no clock."""

from launchopt.campaigns.selectors.launches import (
    SERVING,
    campaigns_serving,
    launch_named,
)
from launchopt.campaigns.selectors.moments import Asking, Moment, Offer

__all__ = [
    "SERVING",
    "Asking",
    "Moment",
    "Offer",
    "campaigns_serving",
    "launch_named",
]
