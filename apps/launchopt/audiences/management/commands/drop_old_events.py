"""Drop events that are older than the shop keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from launchopt.audiences import services
from launchopt.operations.commands import LaunchOptCommand, instant_argument
from launchopt.operations.errors import InvalidInput


class Command(LaunchOptCommand):
    """Whole months go at once. Asks first, unless told not to: it cannot be undone."""

    help = "Drop the months of events older than EVENT_RETENTION_DAYS. It cannot be undone."
    example = "manage.py drop_old_events --yes"

    def add_options(self, parser: CommandParser) -> None:
        """From when on to keep, by whom, and whether to ask."""
        parser.add_argument(
            "--before",
            type=instant_argument,
            metavar="ISO",
            help="Drop months that end by then (default: by the setting EVENT_RETENTION_DAYS).",
        )
        parser.add_argument("--by", default="", help="Who asked for it, for the audit trail.")
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def work(self, *, before: datetime | None, by: str, yes: bool, **_: Any) -> Mapping[str, Any]:
        """Drop them."""
        now = timezone.now()
        before = before or services.oldest_kept(now=now)
        if before > now:
            raise InvalidInput("--before lies in the future; no event is that old.")
        if not yes:
            self._confirm(before)
        return services.drop_old_events(before=before, now=now, by=by or None)

    def _confirm(self, before: datetime) -> None:
        self.note(f"This drops every month of events that ends by {before:%Y-%m-%d}, for good.")
        try:
            answer = input("Type yes to go on: ")
        except EOFError:
            answer = ""
        if answer.strip() != "yes":
            raise InvalidInput("Nothing was dropped. Pass --yes to drop without being asked.")
