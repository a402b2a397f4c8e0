"""The counts behind a report as a file: a row for each hour, campaign, creative and variant."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from typing import Any

import polars as pl

from launchopt.campaigns.models import Creative, Launch
from launchopt.campaigns.reporting.figures import COUNTED, MONEY, audience_names, hours_of
from launchopt.experiments.models import MetricRollup

FORMATS = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
FORMULA = "=+-@\t\r"  # what a spreadsheet would take for the beginning of a formula
SCHEMA = {
    "starts_at": pl.Datetime("us", "UTC"),
    "channel": pl.String,
    "audience": pl.String,
    "variant": pl.String,
    "phase": pl.Int32,
    "campaign": pl.String,
    "creative": pl.String,
    "headline": pl.String,
    **dict.fromkeys(COUNTED, pl.Int64),
    **{name: pl.Decimal(20, 4) for name in MONEY},
    "currency": pl.String,
}


def rows_of(launch: Launch, *, grain: str = MetricRollup.Granularity.HOUR) -> pl.DataFrame:
    """(SCHEMA), by hour, or by minute or day (UTC). Empty where nothing was counted."""
    names = audience_names(launch)
    headlines = dict(Creative.objects.filter(launch=launch).values_list("pk", "headline"))
    counted = hours_of(launch, grain=grain).order_by(
        "starts_at", "channel", "audience_id", "variant", "pk"
    )
    rows = [
        {
            "starts_at": row.starts_at,
            "channel": row.channel,
            "audience": names.get(row.audience_id, "") if row.audience_id else "",
            "variant": row.variant,
            "phase": row.phase,
            "campaign": str(row.campaign_id or ""),
            "creative": str(row.creative_id or ""),
            "headline": headlines.get(row.creative_id, ""),
            **{name: getattr(row, name) for name in COUNTED},
            **{name: Decimal(getattr(row, name)) for name in MONEY},
            "currency": launch.currency,
        }
        for row in counted
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def file_of(frame: pl.DataFrame, *, form: str) -> bytes:
    """The frame as CSV or Parquet. In CSV no cell can be taken for a formula."""
    buffer = BytesIO()
    if form == "parquet":
        frame.write_parquet(buffer)
    else:
        frame.with_columns(_harmless(pl.col(pl.String))).write_csv(buffer)
    return buffer.getvalue()


def _harmless(text: Any) -> Any:
    """An apostrophe before what would begin a formula (OWASP, CSV injection)."""
    begins = text.str.slice(0, 1).is_in(list(FORMULA))
    return pl.when(begins).then(pl.lit("'") + text).otherwise(text).name.keep()
