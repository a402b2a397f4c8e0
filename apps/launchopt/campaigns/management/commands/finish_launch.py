"""`manage.py finish_launch LAUNCH`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from launchopt.campaigns import services
from launchopt.campaigns.management.clocks import clock_of
from launchopt.campaigns.management.people import person_named
from launchopt.campaigns.selectors import launch_named
from launchopt.operations.commands import LaunchOptCommand, instant_argument

PERMISSION = "launchopt_campaigns.run_launch"


class Command(LaunchOptCommand):
    """End a launch for good."""

    help = "Finish a launch for good."
    example = "manage.py finish_launch 5f0c6a8e-..."

    def add_options(self, parser: CommandParser) -> None:
        """Which one, and who says so."""
        parser.add_argument("launch", metavar="LAUNCH", help="Id of the launch.")
        parser.add_argument("--by", default="", help="Who says so, for the audit trail.")
        parser.add_argument(
            "--at",
            type=instant_argument,
            help="Its clock, on simulated time (needs the setting ALLOW_CLIENT_CLOCK).",
        )

    def work(self, **options: Any) -> Mapping[str, Any]:
        """Do it, and say what state it is in."""
        clock = clock_of(options["at"])
        launch = services.finish_launch(
            launch=launch_named(options["launch"]),
            by=person_named(options["by"], note=self.note, permission=PERMISSION),
            now=clock.now,
            is_simulated=clock.is_simulated,
        )
        return {"launch": str(launch.pk), "status": launch.status}
