"""`manage.py train_interest`: learn who buys what is new, here and now."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from launchopt import jobs
from launchopt.operations.commands import LaunchOptCommand, instant_argument
from launchopt_workers.prediction import tasks  # noqa: F401 - registers the body
from launchopt_workers.running import run_here


class Command(LaunchOptCommand):
    """Trains in this process; no worker need be up."""

    help = "Train the interest model on past launches and register it as a model version."
    example = "manage.py train_interest --as-of 2026-03-01T00:00:00Z"

    def add_options(self, parser: ArgumentParser) -> None:
        """Until when it may know."""
        parser.add_argument(
            "--as-of",
            type=instant_argument,
            help="Learn what was known before this instant only; default: now.",
        )

        parser.add_argument(
            "--learner",
            choices=("launch", "text-pair"),
            default="launch",
            help="launch: learned from past launches, fast; text-pair: a BERT fine-tuned over the"
            " texts of history and product, as is common in the literature: some tens of pairs a"
            " second on a CPU.",
        )

    def work(self, *, as_of: datetime | None, learner: str, **options: Any) -> Mapping[str, Any]:
        """Train, and say what was learned and how well it would have done."""
        known_until = as_of or timezone.now()
        return run_here(
            jobs.TRAIN_INTEREST,
            on_progress=self.progress,
            as_of=known_until.isoformat(),
            learner=learner,
        )

    def show(self, report: Mapping[str, Any]) -> None:
        """What was learned, what was decided, and the table of the backtest."""
        metrics = report["metrics"]
        for name in ("model_version", "source", "launches", "buyers", "status"):
            if name in report:
                self.stdout.write(f"{name.replace('_', ' ')}: {report[name]}")
        self.stdout.write(metrics["promotion"]["sentence"])
        for line in _backtest_lines(metrics):
            self.stdout.write(line)


def _backtest_lines(metrics: Mapping[str, Any]) -> Iterable[str]:
    from launchopt_ml.backtest import table_of

    return table_of(dict(metrics)) if "intervals" in metrics else [metrics["untested"]]
