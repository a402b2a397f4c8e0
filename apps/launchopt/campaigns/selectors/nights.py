"""Nights: when outbound channels contact nobody, on the customer's own clock."""

from __future__ import annotations

from datetime import datetime, time
from typing import TypedDict

from launchopt.conf import launchopt_settings
from launchopt_core.delivery import is_quiet
from launchopt_core.errors import UnknownTimeZone


class QuietHours(TypedDict):
    """From when until when it is quiet, as the core takes it."""

    quiet_from: time
    quiet_until: time


def quiet_hours() -> QuietHours:
    """Those of the shop."""
    quiet_from, quiet_until = (time(hour % 24) for hour in launchopt_settings().quiet_hours)
    return QuietHours(quiet_from=quiet_from, quiet_until=quiet_until)


def zone_or_shops(time_zone: str) -> str:
    """The zone that a customer is taken to live in."""
    return time_zone or launchopt_settings().time_zone


def is_night(at: datetime, *, zone: str) -> bool:
    """Whether outbound channels contact nobody there then; in a zone that nobody knows it always
    is."""
    try:
        return is_quiet(at, zone, **quiet_hours())
    except UnknownTimeZone:
        return True
