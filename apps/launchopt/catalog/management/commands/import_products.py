"""Import products."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import polars as pl

from launchopt.catalog import services
from launchopt.catalog.fields import PRODUCT_FIELDS, product_rules
from launchopt.operations.importing import Rule
from launchopt.operations.importing.command import ImportCommand
from launchopt.operations.importing.outcome import Outcome


class Command(ImportCommand):
    """Products by SKU; rows of one SKU are folded into one product."""

    help = "Import products from CSV or Parquet. Importing a file twice changes nothing."
    example = "manage.py import_products products.csv --map sku=Code --constant currency=GBP"
    fields = PRODUCT_FIELDS
    key = "sku"

    @property
    def rules(self) -> Sequence[Rule]:  # type: ignore[override]
        """The limit on texts is a setting."""
        return product_rules()

    def store(self, rows: pl.DataFrame, *, now: datetime, **_: Any) -> Outcome:
        """Create or change them."""
        return services.store_products(rows, now=now)
