"""Rows that came as JSON, brought into the form of a file's rows: texts in columns."""

from __future__ import annotations

from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from typing import Any

import polars as pl

from launchopt.operations.importing.cleaning import REASON
from launchopt.operations.importing.files import LINE
from launchopt.operations.importing.mapping import FieldRule, Mapping

REPLACEMENT = "\ufffd"


def frame_of(
    batch: Sequence[Any], *, names: frozenset[str]
) -> tuple[pl.DataFrame, list[tuple[int, str]]]:
    """The objects as rows, with their index as line, and index and reason of what is no row."""
    good: list[Dictionary[str, Any]] = []
    lines: list[int] = []
    bad: list[tuple[int, str]] = []
    for index, item in enumerate(batch):
        fault = _fault(item, names)
        if fault:
            bad.append((index, fault))
        else:
            good.append(item)
            lines.append(index)
    return _frame(good, lines, names), bad


def mapping_of(frame: pl.DataFrame) -> Mapping:
    """The mapping by which each column is the field of its name."""
    return Mapping({name: FieldRule(column=name) for name in frame.columns if name != LINE})


def reasons_frame(bad: Sequence[tuple[int, str]]) -> pl.DataFrame:
    """Index and reason as cleaning gives them."""
    schema = {LINE: pl.UInt32, REASON: pl.String}
    return pl.DataFrame(list(bad), schema=schema, orient="row")


def storable(value: Any) -> Any:
    """The same JSON without what PostgreSQL's JSON cannot hold: NUL and half characters."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", REPLACEMENT)
    if isinstance(value, dict):
        return {storable(str(k)): storable(v) for k, v in value.items()}
    return [storable(one) for one in value] if isinstance(value, list) else value


def _frame(
    items: Sequence[Dictionary[str, Any]], lines: list[int], names: frozenset[str]
) -> pl.DataFrame:
    given = [n for n in sorted(names) if any(n in item for item in items)]
    columns = {
        name: pl.Series(name, [_text(item.get(name)) for item in items], dtype=pl.String)
        for name in given
    }
    return pl.DataFrame({LINE: pl.Series(LINE, lines, dtype=pl.UInt32), **columns})


def _fault(item: Any, names: frozenset[str]) -> str | None:
    if not isinstance(item, dict):
        return "is no object"
    if not item.keys() <= names:
        unknown = min(str(k) for k in item.keys() - names)
        return f"unknown field {storable(unknown)[:60]!r}"
    for name, value in item.items():
        if isinstance(value, str):
            if not value.isascii() and not _is_unicode(value):
                return f"{name} is no Unicode text"
        elif isinstance(value, dict | list):
            return f"{name} is no single value"
    return None


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)
