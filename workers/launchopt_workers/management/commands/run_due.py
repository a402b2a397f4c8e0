"""`manage.py run_due --until ISO`: every periodic job that has fallen due, here and in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from launchopt.operations.commands import WORK_FAILED, LaunchOptCommand, instant_argument
from launchopt.operations.schedules import SCHEDULES
from launchopt_workers import due

JOBS = {schedule.job.name.rpartition(".")[2]: schedule.job for schedule in SCHEDULES}


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
        parser.add_argument(
            "--only",
            nargs="+",
            choices=sorted(JOBS),
            default=[],
            metavar="JOB",
            help=f"Leave the other jobs alone: {', '.join(sorted(JOBS))}.",
        )

    def work(self, *, until: datetime, only: Sequence[str], **_: Any) -> Mapping[str, Any]:
        """Run them; exit with 1 where one failed, after all others have run."""
        chosen = [JOBS[name] for name in only]
        found = due.run_due(until=until, now=timezone.now(), tell=self.note, only=chosen)
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
