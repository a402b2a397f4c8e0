"""The instant of a request: now, or the caller's own where the host allows simulated time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from launchopt.conf import launchopt_settings
from launchopt.operations.errors import InvalidInput


def is_simulated(data: Any) -> bool:
    """Whether the caller brings a clock."""
    return isinstance(data, dict) and data.get("at") is not None


def instant_of(data: Any) -> datetime:
    """`at` of a request's body, where simulated time is allowed; without `at`, now."""
    if not is_simulated(data):
        return timezone.now()
    if not launchopt_settings().allow_client_clock:
        raise InvalidInput.at(
            "/at", "This shop runs on its own clock; `at` needs the setting ALLOW_CLIENT_CLOCK."
        )
    return parse_instant(data["at"], pointer="/at")


def parse_instant(text: Any, *, pointer: str) -> datetime:
    """An ISO instant with a zone. Raises InvalidInput for anything else."""
    try:
        instant = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        instant = None
    if instant is None:
        raise InvalidInput.at(
            pointer, f"{str(text)[:40]!r} is no ISO instant, such as 2026-03-01T09:00:00Z."
        )
    if instant.tzinfo is None:
        raise InvalidInput.at(pointer, f"{text!r} has no time zone; add Z or an offset.")
    return instant
