"""A file's rows to clean values, each rejected row with the first fault that was found in it."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from launchopt.operations.importing.fields import Field, Rule, field_of
from launchopt.operations.importing.files import LINE
from launchopt.operations.importing.instants import parse_instants
from launchopt.operations.importing.mapping import FieldRule, Mapping

REASON = "reject reason"
RAW = "raw "
LEFT_OUT = "left out "


def clean_rows(
    rows: pl.DataFrame, *, mapping: Mapping, fields: Sequence[Field], rules: Sequence[Rule] = ()
) -> pl.DataFrame:
    """Line, reason (null where nothing is wrong) and one column of clean values for each field.

    Faults are looked for in this order, and the first counts: what is required and missing, what
    the mapping leaves out, what is no value of its field, what breaks a rule between fields.
    """
    names = _names(mapping, fields, rules)
    raw = rows.select(LINE, *_raw(mapping, names), *_left_out(mapping))
    raw = _with_instants(raw, mapping=mapping, names=names, fields=fields)
    values = raw.with_columns(
        field_of(name, fields).kind.value(pl.col(RAW + name)).alias(name)  # type: ignore[union-attr]
        for name in names
        if name not in raw.columns
    )
    faults = [*_missing(names, fields), *_mapped_out(mapping), *_wrong(names, fields)]
    faults += [(rule.broken, rule.reason) for rule in rules]
    reasons = first_faults(values, faults)
    return values.select(LINE, reasons, *_given(mapping, fields))


def split_rejected(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The clean rows without their reason, and line and reason of the others."""
    good = frame.filter(pl.col(REASON).is_null()).drop(REASON)
    return good, frame.filter(pl.col(REASON).is_not_null()).select(LINE, REASON)


def first_faults(rows: pl.DataFrame, faults: Sequence[tuple[pl.Expr, str]]) -> pl.Series:
    """For each row the reason of the first condition that holds, null where none does.

    Conditions become numbers first: a column of texts for each of them costs seven times as much.
    """
    if not faults:
        return pl.Series(REASON, [None] * len(rows), dtype=pl.String)
    numbers = [
        pl.when(broken).then(pl.lit(number, dtype=pl.UInt16))
        for number, (broken, _) in enumerate(faults)
    ]
    first = rows.select(pl.coalesce(numbers).alias(REASON))[REASON]
    return pl.Series(REASON, [reason for _, reason in faults]).gather(first)


def _names(mapping: Mapping, fields: Sequence[Field], rules: Sequence[Rule]) -> list[str]:
    """The fields at hand: those to be kept, and those that a rule looks at."""
    needed = [n for rule in rules for n in rule.needs]
    return list(dict.fromkeys([*_given(mapping, fields), *needed]))


def _given(mapping: Mapping, fields: Sequence[Field]) -> list[str]:
    """The fields to be kept: the required ones, and those with a mapping."""
    required = [f.name for f in fields if f.is_required]
    given = [n for f in fields for n in mapping.rules if f.covers(n)]
    return list(dict.fromkeys([*required, *given]))


def _raw(mapping: Mapping, names: list[str]) -> list[pl.Expr]:
    return [mapped(mapping.rules.get(name, FieldRule())).alias(RAW + name) for name in names]


def mapped(rule: FieldRule) -> pl.Expr:
    """A field's text by its rule; null where it is empty."""
    text = pl.col(rule.column).str.strip_chars() if rule.column else pl.lit(None, dtype=pl.String)
    for suffix in rule.strip:
        text = text.str.strip_suffix(suffix)
    if rule.values:
        text = text.replace(dict(rule.values))
    if rule.absolute:
        text = text.str.strip_prefix("-")
    for case in reversed(rule.when):
        text = pl.when(case.condition.holds()).then(pl.lit(case.value)).otherwise(text)
    text = pl.when(text != "").then(text)
    return text.fill_null(pl.lit(rule.constant)) if rule.constant is not None else text


def _left_out(mapping: Mapping) -> list[pl.Expr]:
    return [
        rejection.condition.holds().alias(f"{LEFT_OUT}{number}")
        for number, rejection in enumerate(mapping.reject_when)
    ]


def _with_instants(
    raw: pl.DataFrame, *, mapping: Mapping, names: list[str], fields: Sequence[Field]
) -> pl.DataFrame:
    for name in names:
        field = field_of(name, fields)
        if field is None or not field.kind.is_instant:
            continue
        rule = mapping.rules.get(name, FieldRule())
        at, fault = parse_instants(raw[RAW + name], zone=rule.time_zone, pattern=rule.format)
        raw = raw.with_columns(at.alias(name), fault.alias(f"fault {name}"))
    return raw


def _missing(names: list[str], fields: Sequence[Field]) -> list[tuple[pl.Expr, str]]:
    required = [f.name for f in fields if f.is_required and f.name in names]
    return [(pl.col(RAW + name).is_null(), f"{name} is missing") for name in required]


def _mapped_out(mapping: Mapping) -> list[tuple[pl.Expr, str]]:
    return [
        (pl.col(f"{LEFT_OUT}{number}"), rejection.reason)
        for number, rejection in enumerate(mapping.reject_when)
    ]


def _wrong(names: list[str], fields: Sequence[Field]) -> list[tuple[pl.Expr, str]]:
    faults: list[tuple[pl.Expr, str]] = []
    for name in names:
        kind = field_of(name, fields).kind  # type: ignore[union-attr]
        if kind.is_instant:
            faults += _wrong_instant(name)
        found = kind.faults(pl.col(RAW + name), pl.col(name))
        faults += [(broken, f"{name} {words}") for broken, words in found]
    return faults


def _wrong_instant(name: str) -> list[tuple[pl.Expr, str]]:
    from launchopt.operations.importing import instants

    said = pl.col(f"fault {name}")
    words = (
        instants.NO_INSTANT, instants.NO_ZONE, instants.NO_SUCH_HOUR, instants.OUT_OF_RANGE
    )  # fmt: skip
    return [(said == one, f"{name} {one}") for one in words]
