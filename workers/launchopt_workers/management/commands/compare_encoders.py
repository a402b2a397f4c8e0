"""`manage.py compare_encoders`: what cheaper encoders gain, and what they cost."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from launchopt import jobs
from launchopt.operations.commands import LaunchOptCommand, instant_argument
from launchopt.operations.errors import InvalidInput
from launchopt_workers.encoders import tasks  # noqa: F401 - registers the bodies
from launchopt_workers.running import run_here


class Command(LaunchOptCommand):
    """Compares in this process; no worker need be up."""

    help = (
        "Print size, texts a second, likeness to the encoder in force, and the quality of a "
        "backtest, for each variant of it. Variants that were never made are made now."
    )
    example = "manage.py compare_encoders --variants int8,pruned,student"

    def add_options(self, parser: ArgumentParser) -> None:
        """Which, and by which past launches."""
        parser.add_argument(
            "--variants",
            default="int8,pruned,student",
            help="Of int8, pruned, student, tuned, bf16 (on a GPU), and ids of model versions.",
        )
        parser.add_argument(
            "--as-of", type=instant_argument, help="Nothing from here on is known; default: now."
        )
        parser.add_argument("--horizon-days", type=int, default=30, help="Days of a window.")
        parser.add_argument("--cutoffs", type=int, default=2, help="Windows before --as-of.")
        parser.add_argument(
            "--min-buyers", type=int, default=5, help="Buyers a product needs to be ranked."
        )

    def work(
        self,
        *,
        variants: str,
        as_of: datetime | None,
        horizon_days: int,
        cutoffs: int,
        min_buyers: int,
        **options: Any,
    ) -> Mapping[str, Any]:
        """Make what is missing, and measure all in one run."""
        names = [name.strip() for name in variants.split(",") if name.strip()]
        if not names or min(horizon_days, cutoffs, min_buyers) < 1:
            raise InvalidInput("Name a variant; --horizon-days, --cutoffs, --min-buyers are 1+.")
        return run_here(
            jobs.COMPARE_ENCODERS,
            on_progress=self.progress,
            variants=names,
            question={
                "horizon_days": float(horizon_days),
                "cutoffs": cutoffs,
                "min_buyers": min_buyers,
            },
            as_of=as_of.isoformat() if as_of else None,
        )

    def show(self, report: Mapping[str, Any]) -> None:
        """One row for each encoder."""
        from launchopt_workers.encoders.table import lines_of

        for line in lines_of(report):
            self.stdout.write(line)
