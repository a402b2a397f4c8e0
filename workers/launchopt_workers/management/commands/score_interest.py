"""`manage.py score_interest`: who will buy these products, here and now."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from django.utils import timezone

from launchopt import jobs
from launchopt.audiences.interest import products_new_since, scores_frame
from launchopt.catalog.selectors import ids_by_sku
from launchopt.conf import launchopt_settings
from launchopt.operations.commands import LaunchOptCommand, instant_argument
from launchopt.operations.errors import InvalidInput, NotFound
from launchopt_workers.prediction import tasks  # noqa: F401 - registers the body
from launchopt_workers.running import run_here

WRITERS = {".parquet": pl.DataFrame.write_parquet, ".csv": pl.DataFrame.write_csv}


class Command(LaunchOptCommand):
    """Scores in this process; no worker need be up."""

    help = "Predict, for every known customer, the probability that they buy a new product."
    example = "manage.py score_interest --sku MUG-7 --horizon-days 30 --out scores.parquet"

    def add_options(self, parser: ArgumentParser) -> None:
        """Which products, as of when, for how long, and where to."""
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--sku", nargs="+", action="extend", help="Products by their SKU.")
        which.add_argument(
            "--new-since",
            type=instant_argument,
            help="Products that went on sale, or were first seen, from this instant on.",
        )
        parser.add_argument(
            "--as-of",
            type=instant_argument,
            help="Use only what was known before this instant; default: now.",
        )
        parser.add_argument(
            "--horizon-days", type=int, help="Days in which a purchase counts; default: 30."
        )
        parser.add_argument(
            "--out", type=Path, help="Write sku, customer, probability, rank (.parquet or .csv)."
        )

    def work(
        self,
        *,
        sku: list[str] | None,
        new_since: datetime | None,
        as_of: datetime | None,
        horizon_days: int | None,
        out: Path | None,
        **options: Any,
    ) -> Mapping[str, Any]:
        """Score, store, and write the file."""
        length = launchopt_settings().horizon_days if horizon_days is None else horizon_days
        _check(length, out)
        product_ids = _with_skus(sku) if sku else _new_since(new_since)
        known_until = as_of or timezone.now()
        report = run_here(
            jobs.SCORE_INTEREST,
            on_progress=self.progress,
            product_ids=product_ids,
            as_of=known_until.isoformat(),
            horizon_days=length,
        )
        if out:
            WRITERS[out.suffix](scores_frame(product_ids), out)
        return {
            **report,
            "as_of": known_until,
            "horizon_days": length,
            "out": str(out) if out else None,
        }


def _check(horizon_days: int, out: Path | None) -> None:
    if not 1 <= horizon_days <= 3650:
        raise InvalidInput(f"--horizon-days is {horizon_days}; give 1 to 3650 days.")
    if out and out.suffix not in WRITERS:
        raise InvalidInput(
            f"--out ends in {out.suffix or 'nothing'}; name a .parquet or .csv file."
        )
    if out and not out.absolute().parent.is_dir():
        raise InvalidInput(f"--out: there is no folder {out.absolute().parent}; make it first.")


def _with_skus(skus: list[str]) -> list[int]:
    found = ids_by_sku(skus)
    unknown = [sku for sku in skus if sku not in found]
    if unknown:
        raise NotFound(f"No product has the SKU {', '.join(unknown)}; import it first.")
    return sorted(found.values())


def _new_since(since: datetime | None) -> list[int]:
    ids = (
        list(products_new_since(since).order_by("pk").values_list("pk", flat=True)) if since else []
    )
    if not ids:
        raise NotFound(f"No product is new since {since:%Y-%m-%d}; nothing to score.")
    return ids
