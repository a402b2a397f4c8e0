"""Import events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl
from django.core.management.base import CommandParser

from launchopt.audiences import services
from launchopt.audiences.fields import EVENT_FIELDS, EVENT_RULES
from launchopt.audiences.months import ensure_months_of
from launchopt.audiences.outliers import outliers_of
from launchopt.operations.importing.command import ImportCommand
from launchopt.operations.importing.outcome import Outcome


class Command(ImportCommand):
    """Every row is an event; one that is there already is a duplicate."""

    help = "Import events from CSV or Parquet. Importing a file twice changes nothing."
    example = "manage.py import_events sales.csv.gz --mapping sales.toml --rejects bad.csv"
    fields = EVENT_FIELDS
    rules = EVENT_RULES

    def add_options(self, parser: CommandParser) -> None:
        """What is done with unknown products, and what past exposures were."""
        super().add_options(parser)
        parser.add_argument(
            "--create-products",
            action="store_true",
            help="Make a placeholder for each unknown SKU instead of rejecting its events.",
        )
        parser.add_argument(
            "--exposures-randomised",
            action="store_true",
            help="Who was shown was left to chance: effects learned from it may be called causal.",
        )

    def prepare(self, rows: pl.DataFrame) -> None:
        """The months, whose making would lock the table while the events are stored."""
        ensure_months_of(rows["occurred_at"])

    def store(self, rows: pl.DataFrame, *, now: datetime, **options: Any) -> Outcome:
        """Store what is not there yet."""
        return services.store_events(
            rows,
            received_at=now,
            is_randomised=options["exposures_randomised"],
            creates_products=options["create_products"],
        )

    def details(self, rows: pl.DataFrame) -> dict[str, Any]:
        """Outliers are kept and flagged."""
        return outliers_of(rows)

    def remarks(self, report: Mapping[str, Any]) -> list[str]:
        """Outliers, in words."""
        lines = [f"Outliers, kept and winsorised in features and metrics: {report['outliers']}"]
        lines += [
            f"  line {row['line']:,}: {row['field']} {row['value']:,.10g}"
            for row in report["largest_outliers"]
        ]
        return lines if report["outliers"] else []
