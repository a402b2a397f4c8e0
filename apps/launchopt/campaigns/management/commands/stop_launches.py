"""`manage.py stop_launches`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from launchopt.campaigns import services
from launchopt.campaigns.management.lifecycle import PERMISSION
from launchopt.campaigns.management.people import person_named
from launchopt.operations.commands import LaunchOptCommand


class Command(LaunchOptCommand):
    """Pause all that runs."""

    help = (
        "The emergency stop: pause every running launch. It holds with the next decision of every "
        "process. Each launch is resumed by itself, by resume_launch."
    )
    example = "manage.py stop_launches --by anna"

    def add_options(self, parser: CommandParser) -> None:
        """Who says so."""
        parser.add_argument("--by", default="", help="Who says so, for the audit trail.")

    def work(self, **options: Any) -> Mapping[str, Any]:
        """Pause them, and name them."""
        by = person_named(options["by"], note=self.note, permission=PERMISSION)
        stopped = services.stop_all_launches(by=by, now=timezone.now())
        return {"stopped": [{"launch": str(one.pk), "name": one.name} for one in stopped]}
