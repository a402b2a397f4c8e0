"""What the commands of a launch's life share: which launch, who says so, and its clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.core.management.base import CommandParser

from launchopt.campaigns.management.clocks import clock_of
from launchopt.campaigns.management.people import person_named
from launchopt.campaigns.models import Launch
from launchopt.campaigns.selectors import launch_named
from launchopt.operations.commands import LaunchOptCommand, instant_argument

PERMISSION = "launchopt_campaigns.run_launch"


class LifecycleCommand(LaunchOptCommand):
    """A command that calls one service of a launch's life; a subclass names it."""

    service: ClassVar[Callable[..., Launch]]

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
        launch = type(self).service(
            launch=launch_named(options["launch"]),
            by=person_named(options["by"], note=self.note, permission=PERMISSION),
            now=clock.now,
            is_simulated=clock.is_simulated,
        )
        return {"launch": str(launch.pk), "status": launch.status}
