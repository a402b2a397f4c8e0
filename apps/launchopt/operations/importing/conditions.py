"""Conditions on a file's columns, as a mapping writes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from launchopt.operations.errors import InvalidInput


def _number(column: pl.Expr) -> pl.Expr:
    return column.cast(pl.Float64, strict=False)


def _words(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _any_of(tests: list[pl.Expr]) -> pl.Expr:
    return pl.any_horizontal(tests)


TEXT_TESTS: dict[str, Callable[[pl.Expr, str], pl.Expr]] = {
    "equals": lambda column, word: column == word,
    "begins_with": lambda column, word: column.str.starts_with(word),
    "ends_with": lambda column, word: column.str.ends_with(word),
    "contains": lambda column, word: column.str.contains(word, literal=True),
    "matches": lambda column, word: column.str.contains(word),
}
NUMBER_TESTS: dict[str, Callable[[pl.Expr, float], pl.Expr]] = {
    "at_least": lambda column, bound: _number(column) >= bound,
    "at_most": lambda column, bound: _number(column) <= bound,
    "above": lambda column, bound: _number(column) > bound,
    "below": lambda column, bound: _number(column) < bound,
}
KEYS = frozenset({"column", "is_empty", "not", *TEXT_TESTS, *NUMBER_TESTS})


@dataclass(frozen=True)
class Condition:
    """One column and the tests that it must pass together. An empty cell passes only `is_empty`."""

    column: str
    tests: tuple[tuple[str, Any], ...]
    is_negated: bool = False

    @classmethod
    def parse(cls, table: dict[str, Any], *, where: str) -> Condition:
        """From a mapping's table, whose keys are known. Raises InvalidInput."""
        column = table.get("column")
        if not isinstance(column, str):
            raise InvalidInput(f"{where} needs a `column`.")
        tests = tuple((k, v) for k, v in table.items() if k not in ("column", "not"))
        if not tests:
            raise InvalidInput(f"{where} needs a test, such as begins_with = 'C'.")
        for name, value in tests:
            _check(name, value, where=where)
        return cls(column, tests, is_negated=bool(table.get("not", False)))

    def holds(self) -> pl.Expr:
        """For each row: whether it holds; never null."""
        passed = pl.all_horizontal(self._test(name, value) for name, value in self.tests)
        return ~passed if self.is_negated else passed

    def _test(self, name: str, value: Any) -> pl.Expr:
        column = pl.col(self.column).str.strip_chars()
        if name == "is_empty":
            return (column.is_null() | (column == "")) == bool(value)
        if name in NUMBER_TESTS:
            return NUMBER_TESTS[name](column, float(value)).fill_null(False)
        passes = [TEXT_TESTS[name](column, word) for word in _words(value)]
        return _any_of(passes).fill_null(False)


def _check(name: str, value: Any, *, where: str) -> None:
    if name == "is_empty" and not isinstance(value, bool):
        raise InvalidInput(f"{where}: is_empty is true or false.")
    if name in NUMBER_TESTS and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise InvalidInput(f"{where}: {name} needs a number, not {value!r}.")
    if name == "matches":
        for pattern in _words(value):
            _check_pattern(pattern, where=where)


def _check_pattern(pattern: str, *, where: str) -> None:
    try:
        pl.select(pl.lit("").str.contains(pattern))
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(f"{where}: {pattern!r} is no regular expression.") from error
