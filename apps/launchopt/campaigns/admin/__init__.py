"""Launches and their parts in the admin: one module for each."""

from launchopt.campaigns.admin import creatives, launches, plans

__all__ = ["creatives", "launches", "plans"]
