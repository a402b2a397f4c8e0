"""Launches and their parts in the admin: one module for each."""

from launchopt.campaigns.admin import (
    alerts,
    copy_use,
    creatives,
    held,
    launches,
    messages,
    placements,
    plans,
)

__all__ = [
    "alerts",
    "copy_use",
    "creatives",
    "held",
    "launches",
    "messages",
    "placements",
    "plans",
]
