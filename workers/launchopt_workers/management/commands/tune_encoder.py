"""`manage.py tune_encoder`: an encoder tuned on what this shop's customers want together."""

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
    """Tunes in this process; no worker need be up."""

    help = (
        "Fine-tune the text encoder by peft on products of one basket or one history. It enters "
        "service only where the backtest on the launches after its data improves."
    )
    example = "manage.py tune_encoder --method lora --steps 200"

    def add_options(self, parser: ArgumentParser) -> None:
        """How long, by what, and until when it may know."""
        parser.add_argument(
            "--method", choices=["lora", "adalora", "prefix"], default="lora", help="The adapter."
        )
        parser.add_argument("--of", default="", help="Id of another version; default: in force.")
        parser.add_argument("--steps", type=int, default=200, help="Steps of 48 pairs.")
        parser.add_argument("--seed", type=int, default=0, help="Of chance.")
        parser.add_argument(
            "--as-of",
            type=instant_argument,
            help="It learns from what came 60 days before, and is judged by those days.",
        )

    def work(
        self,
        *,
        method: str,
        of: str,
        steps: int,
        seed: int,
        as_of: datetime | None,
        **options: Any,
    ) -> Mapping[str, Any]:
        """Tune it, judge it, keep it or not."""
        from launchopt_workers.encoders.versions import name_of, version_named

        if steps < 1:
            raise InvalidInput("--steps is 1 or more.")
        return run_here(
            jobs.TUNE_ENCODER,
            on_progress=self.progress,
            options={"method": method, "steps": steps, "seed": seed},
            of=name_of(version_named(of)) if of else "",
            as_of=as_of.isoformat() if as_of else None,
        )

    def show(self, report: Mapping[str, Any]) -> None:
        """The table, and what was decided."""
        from launchopt_workers.encoders.table import lines_of

        for line in lines_of(report):
            self.stdout.write(line)
        self.stdout.write(f"Model version {report['model_version']}: {report['status']}.")
        self.stdout.write(report["decision"])
