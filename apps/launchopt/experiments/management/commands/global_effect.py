"""manage.py global_effect --since ISO [--until ISO] [--json]"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from launchopt.experiments.holdout import global_effect
from launchopt.operations.commands import LaunchOptCommand, instant_argument


class Command(LaunchOptCommand):
    """What all launches caused together, against the customers held from all of them."""

    help = (
        "Compare the customers whom launches may contact with those held from all launches by the "
        "setting GLOBAL_HOLDOUT: purchases and revenue per customer."
    )
    example = "manage.py global_effect --since 2026-01-01T00:00:00Z"

    def add_options(self, parser: CommandParser) -> None:
        """The stretch of time that is looked at."""
        parser.add_argument("--since", type=instant_argument, required=True)
        parser.add_argument("--until", type=instant_argument, help="Exclusive; by default now.")

    def work(self, **options: Any) -> Mapping[str, Any]:
        """Compare."""
        return global_effect(since=options["since"], until=options["until"] or timezone.now())

    def show(self, report: Mapping[str, Any]) -> None:
        """A line for each metric."""
        for row, told in zip(report["results"], report["verdicts"], strict=True):
            low, high = row["interval"] or (float("nan"), float("nan"))
            self.stdout.write(
                f"{row['metric']}: {row['mean'] or 0:.4f} per customer, held out "
                f"{row['control_mean'] or 0:.4f}; effect {row['effect'] or 0:+.4f} "
                f"({low:+.4f} to {high:+.4f}): {told['verdict']}"
            )
