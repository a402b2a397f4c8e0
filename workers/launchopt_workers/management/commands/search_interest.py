"""`manage.py search_interest`: better parameters for the interest model, here and now."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from launchopt import jobs
from launchopt.operations.commands import LaunchOptCommand, instant_argument
from launchopt.operations.errors import InvalidInput
from launchopt_workers.prediction import tasks  # noqa: F401 - registers the body
from launchopt_workers.running import run_here


class Command(LaunchOptCommand):
    """Searches in this process, as one run; no worker need be up."""

    help = (
        "Search the parameters of the interest model on earlier launches, and train a version with "
        "the best. It enters service only where it proves itself on the later ones."
    )
    example = "manage.py search_interest --trials 20"

    def add_options(self, parser: ArgumentParser) -> None:
        """How long, and until when it may know."""
        parser.add_argument(
            "--trials", type=int, default=20, help="Parameters to try; the first are the usual."
        )
        parser.add_argument(
            "--as-of",
            type=instant_argument,
            help="Use what was known before this instant only; default: now.",
        )

    def work(self, *, trials: int, as_of: datetime | None, **options: Any) -> Mapping[str, Any]:
        """Search, train, and say what was decided."""
        if trials < 1:
            raise InvalidInput("--trials is 1 or more.")
        known_until = as_of or timezone.now()
        return run_here(
            jobs.SEARCH_INTEREST,
            on_progress=self.progress,
            as_of=known_until.isoformat(),
            trials=trials,
        )

    def show(self, report: Mapping[str, Any]) -> None:
        """The trials, the best first, and what became of the version."""
        from launchopt.operations.backtests import trials_table

        table = trials_table(report)
        for row in (table.columns, *table.rows) if table else ():
            self.stdout.write("  ".join(f"{cell:>16}" for cell in row))
        found = report["search"]
        self.stdout.write(f"best {found['best']:.4f}, with the usual {found['usual']:.4f}")
        self.stdout.write(f"model version: {report['model_version']} ({report['status']})")
        self.stdout.write(report["metrics"]["promotion"]["sentence"])
