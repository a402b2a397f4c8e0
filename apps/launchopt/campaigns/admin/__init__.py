"""Launches and their parts in the admin: one module for each."""

from launchopt.campaigns.admin import creatives

__all__ = ["creatives"]
