"""A file about an experiment as cells: group x metric x variant, each with its statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import inf
from pathlib import Path
from typing import Self

import numpy as np
import polars as pl

from launchopt.experiments.study.exposures import COUNTED, since_exposure
from launchopt.experiments.study.quantiles import Level, quantile_cells
from launchopt.experiments.study.tables import (
    read_table,
    require_columns,
    require_filled,
    with_numbers,
)
from launchopt.operations.errors import InvalidInput
from launchopt.operations.importing.files import LINE
from launchopt_core.inference import Companion, Kind, Sample, Sums
from launchopt_core.winsorise import limits_of

ALL = "all"  # the one group of a file that is not split
KINDS = {kind.name.lower(): int(kind) for kind in Kind if kind is not Kind.QUANTILE}
KEYS = ["group", "metric", "variant"]
PARTS = [field.name for field in fields(Companion)]
FIGURES = [
    "count",
    "mean",
    "variance",
    "events",
    *(f"covariate_{part}" for part in PARTS),
    *(f"denominator_{part}" for part in PARTS),
]


@dataclass(frozen=True)
class Measure:
    """A metric by the name it is reported under: a column, or one divided by another."""

    name: str
    column: str
    denominator: str | None = None

    @classmethod
    def parse(cls, text: str, columns: Sequence[str]) -> Self:
        """From NAME=COLUMN or NAME=COLUMN/DENOMINATOR."""
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise InvalidInput(f"--metric {text!r}: write NAME=COLUMN or NAME=COLUMN/DENOMINATOR.")
        if value in columns or "/" not in value:
            return cls(name, value)
        column, _, denominator = value.partition("/")
        return cls(name, column, denominator)

    @property
    def columns(self) -> list[str]:
        return [self.column, *([self.denominator] if self.denominator else [])]


@dataclass(frozen=True)
class Layout:
    """Which columns of a file of units say what; without `unit` each row is one."""

    variant: str
    measures: Sequence[str]
    unit: str | None = None
    covariate: str | None = None
    by: str | None = None
    quantiles: Sequence[str] = ()
    winsorise: float | None = None  # the share of units whose sums stay as they are
    at: str | None = None  # when a row happened
    exposed_at: str | None = None  # when its unit saw the variant first


def cells_of_units(path: Path, layout: Layout) -> pl.DataFrame:
    """The cells of a file of units; the rows of one unit are summed first."""
    table = read_table(path)
    measures = _measures(layout, table.columns)
    quantiles = [Level.parse(text) for text in layout.quantiles]
    _refuse_same_names([*(m.name for m in measures), *(q.name for q in quantiles)])
    named = [layout.variant, *(name for name in (layout.unit, layout.by) if name)]
    _refuse_two_roles(named)
    require_filled(table, named)
    covariate = [layout.covariate] if layout.covariate else []
    figures = [column for measure in measures for column in measure.columns]
    figures += [quantile.column for quantile in quantiles]
    numbers = list(dict.fromkeys([*figures, *covariate]))
    table = with_numbers(table, numbers)
    if layout.exposed_at:
        table = since_exposure(table, layout.unit, at=layout.at, exposed_at=layout.exposed_at)
    counted = pl.col(COUNTED) if layout.exposed_at else pl.lit(True)
    rows = table.select(
        (pl.col(layout.by) if layout.by else pl.lit(ALL)).alias("group"),
        pl.col(layout.variant).alias("variant"),
        *([pl.col(layout.unit).alias("unit")] if layout.unit else []),
        *(_figure(name, counted if name != layout.covariate else None) for name in numbers),
        counted.alias(COUNTED),
    )
    units = _summed(rows) if layout.unit else rows
    if layout.winsorise is not None:
        units = _winsorised(units, measures, layout.winsorise)
    parts = [_cells(units, measure, layout.covariate) for measure in measures]
    parts += [quantile_cells(rows.filter(pl.col(COUNTED)), each) for each in quantiles]
    cells = pl.concat(parts, how="diagonal")
    missing = [name for name in FIGURES if name not in cells.columns]
    return cells.with_columns(pl.lit(None, pl.Float64).alias(name) for name in missing)


def cells_of_moments(path: Path) -> pl.DataFrame:
    """The cells of a file of sufficient statistics."""
    table = read_table(path)
    require_filled(table, ["group", "variant", "metric", "kind", "count", "sum", "sum_squares"])
    optional = [
        f"{what}_{figure}"
        for what in ("covariate", "denominator")
        for figure in ("sum", "sum_squares", "cross_sum")
    ]
    there = [name for name in optional if name in table.columns]
    filled = table.with_columns(pl.col(there).fill_null("nan"))
    kind = filled["kind"].replace_strict(KINDS, default=None, return_dtype=pl.Int8)
    if kind.null_count():
        wrong = filled["kind"].filter(kind.is_null())[0]
        raise InvalidInput(f"A kind is one of {', '.join(KINDS)}, not {wrong!r}.")
    table = with_numbers(filled, ["count", "sum", "sum_squares"], largest=inf)
    _refuse_parts(table)
    table = table.with_columns(pl.col(there).cast(pl.Float64, strict=False), kind.alias("kind"))
    _refuse_twice(table)
    _require_denominators(table)
    return _frame(table, _sample(table))


def _measures(layout: Layout, columns: Sequence[str]) -> list[Measure]:
    measures = [Measure.parse(text, columns) for text in layout.measures]
    if not measures and not layout.quantiles:
        raise InvalidInput("Name a metric with --metric NAME=COLUMN.")
    return measures


def _refuse_same_names(names: Sequence[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise InvalidInput(f"Two metrics are named {twice!r}; rename one.")


def _refuse_two_roles(names: Sequence[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise InvalidInput(
            f"--variant, --unit and --by name different columns, not {twice!r} twice."
        )


def _figure(name: str, counted: pl.Expr | None) -> pl.Expr:
    """A column's numbers; nothing where the row does not count."""
    value = pl.col(name)
    if counted is not None:
        value = pl.when(counted).then(value).otherwise(0.0)
    return value.alias(f"figure {name}")


def _winsorised(units: pl.DataFrame, measures: Sequence[Measure], share: float) -> pl.DataFrame:
    """Sums of units above the quantile of those who have any count as that quantile.

    One limit for all variants. Shares and ratios stay as they are.
    """
    columns = [f"figure {m.column}" for m in measures if not m.denominator]
    limits = {
        name: limits_of(units[name].filter(units[name] != 0).to_numpy(), upper=share).high
        for name in columns
    }
    return units.with_columns(
        pl.col(name).clip(upper_bound=high) for name, high in limits.items() if np.isfinite(high)
    )


def _summed(table: pl.DataFrame) -> pl.DataFrame:
    homes = table.group_by("unit").agg(pl.col("variant").n_unique())
    strays = homes.filter(pl.col("variant") > 1)["unit"].sort()
    if len(strays):
        raise InvalidInput(
            f"{len(strays):,} units are in more than one variant, such as {strays[0]!r}; "
            "leave them out, or name another --unit."
        )
    return table.group_by(["group", "unit", "variant"], maintain_order=True).agg(
        pl.col("^figure .*$").sum(), pl.col(COUNTED).any()
    )


def _cells(units: pl.DataFrame, measure: Measure, covariate: str | None) -> pl.DataFrame:
    value = pl.col(f"figure {measure.column}")
    kind = Kind.RATIO if measure.denominator else Kind.MEAN
    if kind is Kind.MEAN and units.select(value.is_in([0.0, 1.0]).all()).item():
        kind = Kind.PROPORTION
    spread = value.mean() * (1 - value.mean()) if kind is Kind.PROPORTION else value.var()
    return (
        units.group_by(["group", "variant"], maintain_order=True)
        .agg(
            pl.len().cast(pl.Float64).alias("count"),
            value.mean().alias("mean"),
            spread.alias("variance"),
            (value != 0).sum().cast(pl.Float64).alias("events"),
            *_companion("covariate", value, covariate if kind is not Kind.RATIO else None),
            *_companion("denominator", value, measure.denominator),
        )
        .with_columns(
            pl.lit(measure.name).alias("metric"), pl.lit(int(kind), pl.Int8).alias("kind")
        )
        .select([*KEYS, "kind", *FIGURES])
    )


def _companion(what: str, value: pl.Expr, column: str | None) -> list[pl.Expr]:
    if column is None:
        return [pl.lit(None, pl.Float64).alias(f"{what}_{part}") for part in PARTS]
    other = pl.col(f"figure {column}")
    return [
        other.mean().alias(f"{what}_mean"),
        other.var().alias(f"{what}_variance"),
        pl.cov(value, other).alias(f"{what}_covariance"),
    ]


def _sample(table: pl.DataFrame) -> Sample:
    return Sample.from_sums(
        kind=table["kind"].to_numpy(),
        count=table["count"].to_numpy(),
        sum=table["sum"].to_numpy(),
        sum_squares=table["sum_squares"].to_numpy(),
        covariate=_sums(table, "covariate"),
        denominator=_sums(table, "denominator"),
    )


def _sums(table: pl.DataFrame, what: str) -> Sums | None:
    names = [f"{what}_{figure}" for figure in ("sum", "sum_squares", "cross_sum")]
    if not any(name in table.columns for name in names):
        return None
    require_columns(table, names)
    return Sums(*(table[name].to_numpy() for name in names))


def _frame(table: pl.DataFrame, sample: Sample) -> pl.DataFrame:
    figures = {name: getattr(sample, name) for name in ("count", "mean", "variance", "events")}
    for what in ("covariate", "denominator"):
        other = getattr(sample, what)
        figures |= {f"{what}_{part}": getattr(other, part) for part in PARTS}
    return table.select([*KEYS, "kind"]).with_columns(
        pl.Series(name, np.asarray(values, dtype=float)) for name, values in figures.items()
    )


def _require_denominators(table: pl.DataFrame) -> None:
    ratios = table.filter(pl.col("kind") == int(Kind.RATIO))
    names = ["denominator_sum", "denominator_sum_squares", "denominator_cross_sum"]
    if len(ratios):
        require_columns(table, names)
        with_numbers(ratios, names, largest=inf)


def _refuse_parts(table: pl.DataFrame) -> None:
    parts = table.filter(pl.col("count") != pl.col("count").round())
    if len(parts):
        raise InvalidInput(
            f"Column 'count', line {parts[LINE][0]}: units are counted whole, not "
            f"{parts['count'][0]:g}."
        )


def _refuse_twice(table: pl.DataFrame) -> None:
    twice = table.filter(table.select(KEYS).is_duplicated())
    if len(twice):
        told = ", ".join(f"{key} {twice[key][0]!r}" for key in KEYS)
        raise InvalidInput(f"Two rows are about {told}; add them up first.")
