"""`manage.py build_personas`: what each customer is like, found out here and now."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from launchopt import jobs
from launchopt.operations.commands import LaunchOptCommand, instant_argument
from launchopt_workers.personas import tasks  # noqa: F401 - registers the body
from launchopt_workers.running import run_here


class Command(LaunchOptCommand):
    """Builds in this process; no worker need be up."""

    help = (
        "Build a persona for each known customer: declared age band and gender, interests, price "
        "band, recency, frequency and money, active hours; and find the segments they fall into, "
        "the same ones as last time. Age and gender are never guessed."
    )
    example = "manage.py build_personas --as-of 2026-03-01T00:00:00Z"

    def add_options(self, parser: ArgumentParser) -> None:
        """As of when."""
        parser.add_argument(
            "--as-of", type=instant_argument, help="Nothing from this instant on is known."
        )

    def work(self, *, as_of: datetime | None, **options: Any) -> Mapping[str, Any]:
        """Build them, and say how many."""
        arguments = {"as_of": as_of.isoformat() if as_of else None}
        return run_here(jobs.BUILD_PERSONAS, on_progress=self.progress, **arguments)
