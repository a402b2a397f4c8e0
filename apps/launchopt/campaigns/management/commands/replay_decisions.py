"""Decide again what the log says was decided, and name what comes out otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from launchopt.campaigns.selectors import launch_named
from launchopt.campaigns.services.replaying import replay_decisions
from launchopt.operations.commands import WORK_FAILED, LaunchOptCommand, instant_argument


class Command(LaunchOptCommand):
    """Replays the log: the same facts and draws must give the same answers."""

    help = (
        "Decide again what the log of decisions says was decided, from the facts and draws stored "
        "with each: all should come out the same. Names what does not, and exits with 1."
    )
    example = "manage.py replay_decisions --since 2026-05-04 --json"

    def add_options(self, parser: CommandParser) -> None:
        """Which decisions."""
        parser.add_argument("launch", nargs="?", metavar="LAUNCH", help="Of this launch alone.")
        parser.add_argument("--since", type=instant_argument, help="Decided from then on.")
        parser.add_argument("--until", type=instant_argument, help="Decided before then.")

    def work(self, **options: Any) -> Mapping[str, Any]:
        """Replay, and fail where a decision comes out otherwise."""
        launch = launch_named(options["launch"]) if options["launch"] else None
        replay = replay_decisions(launch=launch, since=options["since"], until=options["until"])
        self.has_failed = bool(replay.different)
        return asdict(replay)

    def handle(self, *args: Any, **options: Any) -> None:
        """Report, then fail where something differs."""
        super().handle(*args, **options)
        if self.has_failed:
            raise CommandError("Some decisions came out otherwise.", returncode=WORK_FAILED)
