"""Signed webhooks out: what LaunchOpt tells other systems, at least once."""

from launchopt.operations.webhooks.telling import tell

__all__ = ["tell"]
