"""First-exposure analysis of a file: who saw the variant counts, from the first time on."""

from __future__ import annotations

import polars as pl

from launchopt.experiments.study.tables import require_columns
from launchopt.operations.errors import InvalidInput
from launchopt.operations.importing.files import LINE
from launchopt.operations.importing.instants import parse_instants

COUNTED = "counted"  # whether a row happened since its unit's first exposure


def since_exposure(
    table: pl.DataFrame, unit: str | None, *, at: str | None, exposed_at: str
) -> pl.DataFrame:
    """The rows of units that were exposed, with whether each happened from then on.

    A unit's first exposure is the earliest that its rows name. Raises InvalidInput where nobody was
    exposed, or where an instant cannot be read.
    """
    if unit is None or at is None:
        raise InvalidInput("--exposed-at needs --at, when each row happened, and --unit, whose.")
    require_columns(table, [unit, at, exposed_at])
    when, exposed = _instants(table, at), _instants(table, exposed_at)
    told = table.with_columns(when.alias(COUNTED), exposed.alias("first exposure"))
    told = told.with_columns(pl.col("first exposure").min().over(unit))
    seen = told.filter(pl.col("first exposure").is_not_null())
    if seen.is_empty():
        raise InvalidInput(f"Column {exposed_at!r} is empty: nobody was exposed.")
    return seen.with_columns((pl.col(COUNTED) >= pl.col("first exposure")).fill_null(False))


def _instants(table: pl.DataFrame, name: str) -> pl.Series:
    """A column as instants, empty where it is; UTC where no zone is told."""
    if table.schema[name] != pl.String:
        return table[name].cast(pl.Datetime("us", "UTC"))
    found, fault = parse_instants(table[name], zone="UTC")
    wrong = fault.is_not_null()
    if wrong.any():
        first = wrong.arg_max() or 0
        text, line = table[name][first], table[LINE][first]
        raise InvalidInput(f"Column {name!r}, line {line}: {text!r} {fault[first]}.")
    return found
