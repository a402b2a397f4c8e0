"""The months that events of a batch fall into, made before they are stored."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import polars as pl
from django.db import transaction

from launchopt.audiences.partitions import ensure_partitions, month_after

RESOLUTION = timedelta(microseconds=1)
_made: set[datetime] = set()  # those that this process knows to stand


def ensure_months_of(instants: pl.Series) -> None:
    """Create the months that these instants fall into and that this process does not know yet."""
    months = set(instants.dt.truncate("1mo").unique().to_list()) - _made
    for month in sorted(months):
        ensure_partitions(since=month, until=month_after(month) - RESOLUTION)
    if months:
        transaction.on_commit(partial(_made.update, months))


def forget() -> None:
    """Look again which months stand: some have been dropped."""
    _made.clear()
