"""Alerts about launches: limits in the admin, looked at every few minutes."""

from launchopt.campaigns.watching.looking import watch_launches, watch_shop

__all__ = ["watch_launches", "watch_shop"]
