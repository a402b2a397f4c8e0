"""A file of one's own as a table: named columns, numbers where numbers are asked for."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from launchopt.operations.errors import InvalidInput
from launchopt.operations.importing.files import LINE, read_source

TRUE, FALSE = ["true", "yes"], ["false", "no"]
SHOWN = 12  # columns named in an error
LARGEST = 1e150  # number whose square is one, too
LONGEST = 1_000_000  # bytes of a header


def read_table(path: Path) -> pl.DataFrame:
    """The rows of a CSV (also .gz) or Parquet file, every column a text, with each row's line.

    Raises InvalidInput, in one line, for a file that is none, has no rows, or has broken ones.
    """
    source = read_source(path, delimiter=_delimiter(path))
    if source.malformed:
        first = source.malformed[0]
        raise InvalidInput(f"{path}, line {first.line}: {first.reason}.")
    if source.rows.is_empty():
        raise InvalidInput(f"{path} has no rows below its header.")
    return source.rows


def _delimiter(path: Path) -> str:
    """What separates the names of the header: a comma, or where there is none `;` or a tab."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rb") as file:
            first = file.readline(LONGEST)
    except OSError:
        first = b""  # whoever reads it says what is wrong
    return next((mark for mark in ",;\t" if mark.encode() in first), ",")


def require_columns(table: pl.DataFrame, names: Iterable[str]) -> None:
    """Raise InvalidInput for the first column that the table does not have."""
    for name in names:
        if name not in table.columns or name == LINE:
            there = [column for column in table.columns if column not in (LINE, "")]
            more = f" and {len(there) - SHOWN} more" if len(there) > SHOWN else ""
            raise InvalidInput(
                f"There is no column {name!r}; the file has {', '.join(there[:SHOWN])}{more}."
            )


def with_numbers(
    table: pl.DataFrame, names: Iterable[str], *, largest: float = LARGEST
) -> pl.DataFrame:
    """The table with these columns as finite numbers; true and yes are 1, false and no are 0.

    Raises InvalidInput naming the first line that has none, or one beyond the largest.
    """
    chosen = list(dict.fromkeys(names))
    require_columns(table, chosen)
    numbers = table.with_columns(_number(table, name) for name in chosen)
    for name in chosen:
        wrong = numbers[name].is_null() | ~numbers[name].is_finite()
        wrong |= numbers[name].abs().fill_null(0) > largest
        if wrong.any():
            first = wrong.arg_max() or 0
            text = table[name][first]
            line = table[LINE][first]
            told = "is empty; 0 says that nothing happened" if text is None else f"is {text!r}"
            told += ", too large to be squared" if numbers[name].is_finite()[first] else ""
            raise InvalidInput(f"Column {name!r}, line {line}: a number is needed, and it {told}.")
    return numbers


def require_filled(table: pl.DataFrame, names: Sequence[str]) -> None:
    """Raise InvalidInput for the first of these columns that has an empty cell."""
    require_columns(table, names)
    for name in names:
        empty = table[name].is_null()
        if empty.any():
            raise InvalidInput(f"Column {name!r}, line {table[LINE][empty.arg_max()]} is empty.")


def _number(table: pl.DataFrame, name: str) -> pl.Expr:
    column = pl.col(name)
    if table.schema[name] != pl.String:
        return column.cast(pl.Float64)
    plain = column.str.strip_chars()
    lowered = plain.str.to_lowercase()
    return (
        pl.when(lowered.is_in(TRUE))
        .then(1.0)
        .when(lowered.is_in(FALSE))
        .then(0.0)
        .otherwise(plain.cast(pl.Float64, strict=False))
        .alias(name)
    )
