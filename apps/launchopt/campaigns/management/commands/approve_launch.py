"""`manage.py approve_launch LAUNCH`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from launchopt.campaigns import services
from launchopt.campaigns.management.people import person_named
from launchopt.campaigns.selectors import launch_named
from launchopt.operations.commands import LaunchOptCommand

PERMISSION = "launchopt_campaigns.approve_launch"


class Command(LaunchOptCommand):
    """Approve a plan, and its creatives with it."""

    help = "Approve the plan of a launch, and its creatives with it."
    example = "manage.py approve_launch 5f0c6a8e-... --by anna"

    def add_options(self, parser: CommandParser) -> None:
        """Which one, and who says so."""
        parser.add_argument("launch", metavar="LAUNCH", help="Id of the launch.")
        parser.add_argument("--by", required=True, help="Who says so, for the audit trail.")

    def work(self, **options: Any) -> Mapping[str, Any]:
        """Do it, and say what state it is in."""
        launch = services.approve_launch(
            launch=launch_named(options["launch"]),
            by=person_named(options["by"], note=self.note, permission=PERMISSION),
            now=timezone.now(),
        )
        return {"launch": str(launch.pk), "status": launch.status}
