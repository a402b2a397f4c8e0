"""Amounts far beyond what a file usually holds: kept, and shown to a person."""

from __future__ import annotations

import math
from typing import Any

import polars as pl

from launchopt.audiences.models import EventKind
from launchopt.operations.importing.files import LINE

WIDTH = 6.0  # robust standard deviations of the logarithm
LEAST_SPREAD = 0.5  # where most rows are alike
LISTED = 20
BOUGHT = [EventKind.PURCHASE.value, EventKind.RETURN.value]


def outliers_of(rows: pl.DataFrame) -> dict[str, Any]:
    """How many rows have an outlying quantity or price, and the largest of them with their lines.

    An amount is outlying whose logarithm lies six robust standard deviations above the median
    (1.4826 times the median absolute deviation; Hampel, 1974).
    """
    bought = rows.filter(pl.col("kind").is_in(BOUGHT))
    found = [row for name in ("quantity", "price") for row in _beyond(bought, name)]
    found.sort(key=lambda row: -row["value"])
    return {"outliers": len(found), "largest_outliers": found[:LISTED]}


def _beyond(rows: pl.DataFrame, name: str) -> list[dict[str, Any]]:
    if name not in rows.columns:
        return []
    amounts = rows[name].cast(pl.Float64)
    limit = _limit(amounts.filter(amounts > 0))
    far = rows.filter(pl.col(name).cast(pl.Float64) > limit).select(LINE, name)
    return [{"line": line, "field": name, "value": float(value)} for line, value in far.iter_rows()]


def _limit(amounts: pl.Series) -> float:
    if amounts.is_empty():
        return math.inf
    logs = amounts.log()
    middle = float(logs.median() or 0.0)  # type: ignore[arg-type]
    spread = 1.4826 * float((logs - middle).abs().median() or 0.0)  # type: ignore[arg-type]
    return math.exp(middle + WIDTH * max(spread, LEAST_SPREAD))
