"""Import customers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from launchopt.audiences import services
from launchopt.audiences.fields import CUSTOMER_FIELDS
from launchopt.operations.importing.command import ImportCommand
from launchopt.operations.importing.outcome import Outcome


class Command(ImportCommand):
    """Customers by their external id; rows of one customer are folded into one."""

    help = "Import customers from CSV or Parquet. Importing a file twice changes nothing."
    example = "manage.py import_customers customers.csv --map external_id=Id --rejects bad.csv"
    fields = CUSTOMER_FIELDS
    key = "external_id"

    def store(self, rows: pl.DataFrame, *, now: datetime, **_: Any) -> Outcome:
        """Create or change them, and their consents."""
        return services.store_customers(rows, now=now, source="import")
