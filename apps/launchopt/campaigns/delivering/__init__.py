"""Launches that go out to customers: who is next, and what became of each message."""

from launchopt.campaigns.delivering.sending import find_unknown, send_due
from launchopt.campaigns.delivering.settling import settle

__all__ = ["find_unknown", "send_due", "settle"]
