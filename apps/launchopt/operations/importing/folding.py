"""Several rows that make one entity, folded into one by the way that each field asks for."""

from __future__ import annotations

import polars as pl

from launchopt.operations.importing.files import LINE
from launchopt.operations.importing.mapping import FieldRule, Mapping


def fold(rows: pl.DataFrame, *, key: str, mapping: Mapping) -> pl.DataFrame:
    """One row for each key, in the order of their first lines. Empty cells count for nothing."""
    names = [n for n in rows.columns if n not in (key, LINE)]
    ways = {n: mapping.rules.get(n, FieldRule()).aggregate or "last" for n in names}
    folded = rows.group_by(key, maintain_order=True).agg(
        pl.col(LINE).min(),
        *(_by(way, rows.schema[n], n) for n, way in ways.items() if way != "most_frequent"),
    )
    for name in (n for n, way in ways.items() if way == "most_frequent"):
        folded = folded.join(
            _most_frequent(rows, key=key, name=name), on=key, how="left", maintain_order="left"
        )
    return folded.select(rows.columns)


def _by(way: str, kind: pl.DataType, name: str) -> pl.Expr:
    column = pl.col(name).drop_nulls()
    if way == "median" and not kind.is_temporal():
        return column.median().cast(kind, strict=False)
    made: pl.Expr = getattr(column, way)()
    return made


def _most_frequent(rows: pl.DataFrame, *, key: str, name: str) -> pl.DataFrame:
    """Of those equally frequent, the one that came first."""
    counted = rows.filter(pl.col(name).is_not_null()).group_by(key, name, maintain_order=True)
    ordered = counted.len(name="count").sort("count", descending=True, maintain_order=True)
    return ordered.unique(key, keep="first", maintain_order=True).select(key, name)
