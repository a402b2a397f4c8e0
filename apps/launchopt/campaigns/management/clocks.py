"""The clock that a command is given, where the host allows simulated time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from launchopt.conf import launchopt_settings
from launchopt.operations.errors import InvalidInput


@dataclass(frozen=True)
class Clock:
    """An instant, and whether it is simulated."""

    now: datetime
    is_simulated: bool


def clock_of(at: datetime | None) -> Clock:
    """The instant given, where the shop allows one; the time of the wall where none is."""
    if at is None:
        return Clock(timezone.now(), is_simulated=False)
    if not launchopt_settings().allow_client_clock:
        raise InvalidInput.at("/at", "--at needs the setting ALLOW_CLIENT_CLOCK.")
    return Clock(at, is_simulated=True)
