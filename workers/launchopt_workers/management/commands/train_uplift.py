"""`manage.py train_uplift`: learn what a contact adds, here and now."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from launchopt import jobs
from launchopt.operations.commands import LaunchOptCommand, instant_argument
from launchopt.operations.errors import Conflict
from launchopt_workers.running import run_here
from launchopt_workers.uplift import tasks  # noqa: F401 - registers the body


class Command(LaunchOptCommand):
    """Trains in this process; no worker need be up. The nights and plans do it, too."""

    help = (
        "Learn from past launches that left customers out by chance what a contact adds to a "
        "customer's chance to buy, and register it as a model version."
    )
    example = "manage.py train_uplift --as-of 2026-03-01T00:00:00Z"

    def add_options(self, parser: ArgumentParser) -> None:
        """Until when it may know."""
        parser.add_argument(
            "--as-of",
            type=instant_argument,
            help="Learn from launches that were over before this instant; default: now.",
        )

    def work(self, *, as_of: datetime | None, **options: Any) -> Mapping[str, Any]:
        """Train, and say what was learned and how well it ranks."""
        known_until = as_of or timezone.now()
        report = run_here(
            jobs.TRAIN_UPLIFT, on_progress=self.progress, as_of=known_until.isoformat()
        )
        if "model_version" not in report:
            raise Conflict(report["reason"])
        return report

    def show(self, report: Mapping[str, Any]) -> None:
        """The level, and how far the ranking is to be believed."""
        level, slope, metrics = report["level"], report["slope"], report["metrics"]
        self.stdout.write(f"model version: {report['model_version']}")
        self.stdout.write(f"past launches: {report['launches']}")
        self.stdout.write(
            f"additional buyers per contact: {level['effect']:.4f} {_span(level['interval'])}"
        )
        self.stdout.write(
            f"of predicted differences between customers come true: {slope['value']:.2f} "
            f"(standard error {slope['standard_error']:.2f})"
        )
        for name in ("qini", "uplift_at_10", "uplift_at_30"):
            told = name.replace("_", " ")
            interval = metrics[f"{name}_interval"]
            self.stdout.write(f"{told}: {metrics[name]:.4f} {_span(interval)}")


def _span(interval: list[float]) -> str:
    return f"[{interval[0]:.4f}, {interval[1]:.4f}]"
