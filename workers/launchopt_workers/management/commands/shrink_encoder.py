"""`manage.py shrink_encoder`: a smaller encoder, measured beside the one it was made from."""

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

KIND = {"int8": "int8", "prune": "pruned", "distil": "student"}
OPTIONS = {"int8": (), "prune": ("keep", "layers"), "distil": ("layers", "steps", "seed")}


class Command(LaunchOptCommand):
    """Makes it in this process; no worker need be up."""

    help = (
        "Make a smaller text encoder: in int8, with fewer neurons or layers, or a small student. "
        "It becomes a candidate; a person activates it in the admin."
    )
    example = "manage.py shrink_encoder --by distil --layers 2 --steps 800"

    def add_options(self, parser: ArgumentParser) -> None:
        """How, and of which encoder."""
        parser.add_argument("--by", choices=list(KIND), required=True, help="The way.")
        parser.add_argument("--of", default="", help="Id of another version; default: in force.")
        parser.add_argument("--keep", type=float, help="prune: share of inner neurons (0.5).")
        parser.add_argument("--layers", type=int, help="prune, distil: layers that stay.")
        parser.add_argument("--steps", type=int, help="distil: steps of 32 texts (800).")
        parser.add_argument("--seed", type=int, help="distil: of chance (0).")
        parser.add_argument(
            "--as-of", type=instant_argument, help="Judged by the 60 days before; default: now."
        )

    def work(
        self, *, by: str, of: str, as_of: datetime | None, **options: Any
    ) -> Mapping[str, Any]:
        """Make it and compare it."""
        from launchopt_workers.encoders.versions import name_of, version_named

        names = ("keep", "layers", "steps", "seed")
        given = {name: options[name] for name in names if options[name] is not None}
        unfit = [name for name in given if name not in OPTIONS[by]]
        if unfit:
            raise InvalidInput(f"--{unfit[0]} says nothing to --by {by}.")
        return run_here(
            jobs.SHRINK_ENCODER,
            on_progress=self.progress,
            kind=KIND[by],
            of=name_of(version_named(of)) if of else "",
            options=given,
            as_of=as_of.isoformat() if as_of else None,
        )

    def show(self, report: Mapping[str, Any]) -> None:
        """The table, and where the version stands."""
        from launchopt_workers.encoders.table import lines_of

        for line in lines_of(report):
            self.stdout.write(line)
        self.stdout.write(f"Model version {report['model_version']}: {report['status']}.")
