"""`manage.py recommend`: lists of products for customers, made here and now."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from launchopt import jobs
from launchopt.audiences.selectors import customer_named
from launchopt.operations.commands import LaunchOptCommand, instant_argument
from launchopt.operations.errors import InvalidInput
from launchopt_workers.recommendation import tasks  # noqa: F401 - registers the body
from launchopt_workers.running import run_here

MOST = 1000
GROUPS = ("all", "warm", "cold")
SUFFIXES = (".csv", ".parquet")


class Command(LaunchOptCommand):
    """Recommends in this process; no worker need be up."""

    help = (
        "Make lists that mix known and new products, each entry with its reason. They are stored "
        "for GET customers/ID/recommendations/, except with --only-new."
    )
    example = "manage.py recommend --customer 17850 --customer 13047 --k 10 --out lists.csv"

    def add_options(self, parser: ArgumentParser) -> None:
        """For whom, how many, as of when and where to."""
        whom = parser.add_mutually_exclusive_group(required=True)
        whom.add_argument("--customer", action="append", metavar="ID", help="May be repeated.")
        whom.add_argument("--all", action="store_true", help="Every known customer.")
        parser.add_argument("--k", type=int, default=10, help=f"Entries in a list, 1 to {MOST}.")
        parser.add_argument(
            "--only-new", action="store_true", help="Only products that nobody has bought yet."
        )
        parser.add_argument(
            "--as-of", type=instant_argument, help="Nothing from this instant on is known."
        )
        parser.add_argument(
            "--out",
            type=Path,
            metavar="FILE",
            help="Lines to a .csv or .parquet file; without it, those of --customer are printed.",
        )

    def work(
        self,
        *,
        customer: list[str] | None,
        k: int,
        only_new: bool,
        as_of: datetime | None,
        out: Path | None,
        **options: Any,
    ) -> Mapping[str, Any]:
        """Make the lists, and say how many there are."""
        self._check(k=k, out=out, is_told=bool(out or customer), only_new=only_new)
        ids = [customer_named(name).pk for name in customer] if customer else None
        with TemporaryDirectory() as folder:
            file = out or (Path(folder) / "lists.csv" if customer else None)
            report = run_here(
                jobs.RECOMMEND,
                on_progress=self.progress,
                customer_ids=ids,
                as_of=as_of.isoformat() if as_of else None,
                k=k,
                only_new=only_new,
                out=str(file) if file else None,
            )
            if not out and file and not options["json"]:
                self.stdout.write(file.read_text())
        return report

    def show(self, report: Mapping[str, Any]) -> None:
        """The counts, and how good lists of a month ago would have been."""
        super().show({name: value for name, value in report.items() if name != "quality"})
        for line in _quality_lines(report.get("quality") or {}):
            self.stdout.write(line)

    def _check(self, *, k: int, out: Path | None, is_told: bool, only_new: bool) -> None:
        if not 1 <= k <= MOST:
            raise InvalidInput(f"--k lies between 1 and {MOST}, not at {k}.")
        if out and (out.suffix not in SUFFIXES or not out.resolve().parent.is_dir()):
            raise InvalidInput(f"--out names a .csv or .parquet file in a folder, not {out}.")
        if only_new and not is_told:
            raise InvalidInput("Lists of new products alone are not stored; name a file by --out.")


def _quality_lines(quality: Mapping[str, Any]) -> Iterator[str]:
    """One line for each group of products and way to make lists."""
    if "as_of" not in quality:
        return
    yield f"lists of {quality['as_of'][:10]}, judged by what was bought in the 30 days after"
    yield f"{'products':10}{'way':14}{'customers':>10}{'NDCG@10':>10}{'recall':>10}{'hit rate':>10}"
    for group in (name for name in GROUPS if name in quality):
        for way, row in quality[group].items():
            figures = "".join(f"{row[name]:>10.4f}" for name in ("ndcg", "recall", "hit_rate"))
            yield f"{group:10}{way:14}{row['customers']:>10.0f}{figures}"
