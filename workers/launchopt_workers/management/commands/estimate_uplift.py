"""`manage.py estimate_uplift`: whom a treatment moves, learned from a trial of one's own."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from launchopt.operations.commands import LaunchOptCommand
from launchopt.operations.errors import InvalidInput


class Command(LaunchOptCommand):
    """Learns uplift in folds, and judges how well it ranks customers."""

    help = (
        "Learn from a randomised trial whom a treatment moves: two models, an X-learner, and the "
        "class transformation as a peer, each judged on customers that it has not seen."
    )
    example = (
        "manage.py estimate_uplift trial.csv --treatment email --control none --outcome visit "
        "--features recency,history,channel --out uplift.csv"
    )

    def add_options(self, parser: ArgumentParser) -> None:
        """What the columns mean, and how it is learned."""
        parser.add_argument("file", type=Path, metavar="FILE", help="CSV (also .gz) or Parquet.")
        parser.add_argument(
            "--treatment", required=True, metavar="COLUMN", help="It has two values."
        )
        parser.add_argument("--control", required=True, metavar="NAME", help="The untreated.")
        parser.add_argument("--outcome", required=True, metavar="COLUMN", help="A number.")
        parser.add_argument(
            "--features", required=True, metavar="A,B,C", help="Known before the treatment."
        )
        parser.add_argument("--folds", type=int, default=5, help="Each is judged by the others.")
        parser.add_argument("--seed", type=int, default=0, help="Of folds, trees and intervals.")
        parser.add_argument(
            "--out",
            type=Path,
            metavar="FILE",
            help="row, fold, two_model, x_learner in the file's order, as .csv or .parquet.",
        )

    def work(
        self, *, file: Path, folds: int, seed: int, out: Path | None, **options: Any
    ) -> Mapping[str, Any]:
        """Read, learn and judge; write the uplift of each row."""
        from launchopt_workers.studies import uplift

        if out and (out.suffix not in (".csv", ".parquet") or not out.resolve().parent.is_dir()):
            raise InvalidInput(f"--out names a .csv or .parquet file in a folder, not {out}.")
        columns = uplift.Columns(
            treatment=options["treatment"],
            control=options["control"],
            outcome=options["outcome"],
            features=[name.strip() for name in options["features"].split(",") if name.strip()],
        )
        trial = uplift.read_trial(file, columns)
        found = uplift.study(trial, folds=folds, seed=seed, progress=self.note)
        if out:
            rows = uplift.lines(found)
            (rows.write_parquet if out.suffix == ".parquet" else rows.write_csv)(out)
        return uplift.told(found)

    def show(self, report: Mapping[str, Any]) -> None:
        """A row for each learner."""
        from launchopt_workers.studies.uplift import table_of

        for line in table_of(report):
            self.stdout.write(line)
