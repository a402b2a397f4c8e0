"""Quantiles of a file's rows, as cells beside those of sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import polars as pl

from launchopt.operations.errors import InvalidInput
from launchopt_core.inference import Kind, quantile_of


@dataclass(frozen=True)
class Level:
    """A quantile of a column's rows by the name it is reported under."""

    name: str
    column: str
    level: float

    @classmethod
    def parse(cls, text: str) -> Self:
        """From NAME=COLUMN@LEVEL."""
        name, equals, value = text.partition("=")
        column, at, level = value.rpartition("@")
        try:
            number = float(level)
        except ValueError:
            number = 0.0
        if not (name and equals and column and at and 0 < number < 1):
            raise InvalidInput(
                f"--quantile {text!r}: write NAME=COLUMN@LEVEL, such as wait=seconds@0.9."
            )
        return cls(name, column, number)


def quantile_cells(rows: pl.DataFrame, quantile: Level) -> pl.DataFrame:
    """A cell for each group and variant, of the rows themselves; those of a unit cling together."""
    found = []
    for (group, variant), part in rows.group_by(["group", "variant"], maintain_order=True):
        units = part["unit"].to_numpy() if "unit" in part.columns else None
        values = part[f"figure {quantile.column}"].to_numpy()
        told = quantile_of(values, quantile.level, units=units)
        found.append((group, variant, quantile.name, told.units, told.value, told.variance))
    names = ["group", "variant", "metric", "count", "mean", "variance"]
    cells = pl.DataFrame(found, schema=names, orient="row")
    return cells.with_columns(
        pl.lit(int(Kind.QUANTILE), pl.Int8).alias("kind"),
        pl.col("count", "mean", "variance").cast(pl.Float64),
        pl.col("count").cast(pl.Float64).alias("events"),
    )
