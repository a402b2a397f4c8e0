"""Make an API key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from launchopt.operations import services
from launchopt.operations.commands import LaunchOptCommand


class Command(LaunchOptCommand):
    """Prints the key once; it cannot be shown again."""

    help = "Make an API key and print it once."
    example = "manage.py create_api_key webshop --group integration"

    def add_options(self, parser: CommandParser) -> None:
        """Its name and group."""
        parser.add_argument("name", help="A name that tells keys apart.")
        parser.add_argument(
            "--group",
            default="integration",
            help=f"What it may do: {', '.join(services.KEY_GROUPS)} (default: integration).",
        )

    def work(self, *, name: str, group: str, **_: Any) -> Mapping[str, Any]:
        """Make it."""
        return {"key": services.create_api_key(name=name, group=group, now=timezone.now())}
