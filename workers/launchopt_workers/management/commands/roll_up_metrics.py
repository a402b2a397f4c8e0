"""`manage.py roll_up_metrics`: count what is new, here and now."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from launchopt import jobs
from launchopt.operations.commands import LaunchOptCommand, instant_argument
from launchopt_workers.rollups import tasks  # noqa: F401 - registers the body
from launchopt_workers.running import run_here


class Command(LaunchOptCommand):
    """Rolls up in this process; no worker need be up."""

    help = "Count decisions, exposures, clicks, purchases and spend by minute and hour."
    example = "manage.py roll_up_metrics --until 2026-03-02T12:00:00Z"

    def add_options(self, parser: ArgumentParser) -> None:
        """Up to when, and whether from nothing."""
        parser.add_argument(
            "--until",
            type=instant_argument,
            help="What happens from this instant on waits for a later call.",
        )
        parser.add_argument(
            "--rebuild", action="store_true", help="Count everything anew; the figures stay."
        )

    def work(self, *, until: datetime | None, rebuild: bool, **options: Any) -> Mapping[str, Any]:
        """Roll up, and say how many minutes were rebuilt."""
        arguments: dict[str, Any] = {"until": until.isoformat() if until else None}
        return run_here(
            jobs.ROLL_UP_METRICS, on_progress=self.progress, rebuild_all=rebuild, **arguments
        )
