"""`manage.py run_due --until ISO`: every periodic job that has fallen due, here and in order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from launchopt.operations.commands import WORK_FAILED, LaunchOptCommand, instant_argument
from launchopt_workers import (
    due,
    tasks,  # noqa: F401 - registers every body
)


class Command(LaunchOptCommand):
    """For hosts with cron instead of beat, and for simulated time."""

    help = (
        "Run every periodic job that has fallen due since it last ran. Launches on simulated time "
        "are judged by --until, the others by the clock of the wall."
    )
    example = "manage.py run_due --until 2026-03-02T12:00:00Z"

    def add_options(self, parser: CommandParser) -> None:
        """Up to when."""
        parser.add_argument(
            "--until",
            type=instant_argument,
            required=True,
            help="The instant up to which jobs have fallen due.",
        )

    def work(self, *, until: datetime, json: bool, **_: Any) -> Mapping[str, Any]:
        """Run them; exit with 1 where one failed, after all others have run."""
        found = due.run_due(until=until, now=timezone.now(), tell=self.note)
        report = due.summary_of(found, until=until)
        if report["failed"]:
            errors = "; ".join(f"{d.job}: {d.error}" for d in found if d.error)
            raise CommandError(errors, returncode=WORK_FAILED)
        return report

    def show(self, report: Mapping[str, Any]) -> None:
        """One line for each job."""
        for done in report["jobs"]:
            self.stdout.write(f"{done['job']}: {done['times']} times")
        if not report["jobs"]:
            self.stdout.write("Nothing was due.")
