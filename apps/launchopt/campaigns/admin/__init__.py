"""Launches and their parts in the admin: one module for each."""

from launchopt.campaigns.admin import creatives, launches, messages, plans

__all__ = ["creatives", "launches", "messages", "plans"]
