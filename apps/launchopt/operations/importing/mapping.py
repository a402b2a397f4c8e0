"""How a file's columns become fields: read from TOML, checked, every unknown key named."""

from __future__ import annotations

import difflib
import tomllib
import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from launchopt.operations.errors import InvalidInput
from launchopt.operations.importing.conditions import KEYS as CONDITION_KEYS
from launchopt.operations.importing.conditions import Condition
from launchopt.operations.importing.fields import Field, field_of

AGGREGATES = ("first", "last", "most_frequent", "median", "min", "max")
RULE_KEYS = (
    "column", "constant", "strip", "values", "when", "absolute", "time_zone", "format", "aggregate"
)  # fmt: skip
TOP_KEYS = ("reject_when", "order_by")


@dataclass(frozen=True)
class Case:
    """A value for the rows where a condition holds."""

    condition: Condition
    value: str


@dataclass(frozen=True)
class FieldRule:
    """Where a field comes from and what is done to it, in this order: the column, stripped, its
    values replaced, without its sign; the first case that holds; where all is empty, the constant.
    """

    column: str | None = None
    constant: str | None = None
    strip: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    when: tuple[Case, ...] = ()
    absolute: bool = False
    time_zone: str | None = None
    format: str | None = None
    aggregate: str | None = None


@dataclass(frozen=True)
class Rejection:
    """Rows that the mapping leaves out, and why."""

    condition: Condition
    reason: str


@dataclass(frozen=True)
class Mapping:
    """The rules of all fields. A field that it does not name is the column of the same name."""

    rules: dict[str, FieldRule] = field(default_factory=dict)
    reject_when: tuple[Rejection, ...] = ()
    order_by: str | None = None

    @classmethod
    def read(cls, path: Path, *, fields: Sequence[Field]) -> Mapping:
        """From a TOML file. Raises InvalidInput, naming what is wrong in it."""
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InvalidInput(f"The mapping {path} cannot be read: {error.strerror}.") from error
        except (tomllib.TOMLDecodeError, UnicodeError) as error:
            raise InvalidInput(f"The mapping {path} is no TOML: {error}.") from error
        try:
            return cls.parse(tables, fields=fields)
        except InvalidInput as error:
            raise InvalidInput(f"{path}: {error.detail}") from error

    @classmethod
    def parse(cls, tables: dict[str, Any], *, fields: Sequence[Field]) -> Mapping:
        """From TOML's own tables."""
        flat = dict(_flat(tables, fields))
        rules = {name: _rule(name, table) for name, table in flat.items() if name not in TOP_KEYS}
        for name in rules:
            check_field(name, fields)
        order_by = flat.get("order_by")
        if order_by is not None and not isinstance(order_by, str):
            raise InvalidInput("order_by names a column.")
        return cls(rules, _rejections(flat.get("reject_when", [])), order_by)

    def with_columns(self, columns: dict[str, str]) -> Mapping:
        """The same, with the columns of some fields changed."""
        return self._with("column", columns)

    def with_constants(self, constants: dict[str, str]) -> Mapping:
        """The same, with constants for some fields."""
        return self._with("constant", constants)

    def _with(self, key: str, given: dict[str, str]) -> Mapping:
        rules = dict(self.rules)
        for name, value in given.items():
            rules[name] = replace(rules.get(name, FieldRule()), **{key: value})
        return replace(self, rules=rules)

    def completed(self, columns: Sequence[str], *, fields: Sequence[Field]) -> Mapping:
        """The same, with a rule for each column that bears the name of a field it does not name.

        Raises InvalidInput where it names a column that the file lacks.
        """
        for name in self.columns_used():
            if name not in columns:
                raise InvalidInput(
                    f"The file has no column {name!r}{_hint(name, columns)} "
                    f"Its columns: {', '.join(columns)}."
                )
        rules = dict(self.rules)
        for name in columns:
            if name not in rules and field_of(name, fields):
                rules[name] = FieldRule(column=name)
        return replace(self, rules=rules)

    def columns_used(self) -> list[str]:
        """Every column of the file that it reads."""
        used = [rule.column for rule in self.rules.values() if rule.column]
        used += [case.condition.column for rule in self.rules.values() for case in rule.when]
        used += [rejection.condition.column for rejection in self.reject_when]
        return list(dict.fromkeys([*used, *([self.order_by] if self.order_by else [])]))


def check_field(name: str, fields: Sequence[Field]) -> None:
    """Raise InvalidInput where no field has this name."""
    if field_of(name, fields) is None:
        known = [f"{f.name}NAME" if f.is_family else f.name for f in fields]
        raise InvalidInput(
            f"There is no field {name!r}{_hint(name, known)} Fields: {', '.join(known)}."
        )


def _flat(tables: dict[str, Any], fields: Sequence[Field]) -> Iterable[tuple[str, Any]]:
    """`[attributes.colour]` and `["attributes.colour"]` are the same field."""
    families = {f.name.rstrip(".") for f in fields if f.is_family}
    for name, table in tables.items():
        if name in families and isinstance(table, dict):
            yield from ((f"{name}.{inner}", rule) for inner, rule in table.items())
        else:
            yield name, table


def _rule(name: str, table: Any) -> FieldRule:
    if isinstance(table, str):
        return FieldRule(column=table)
    where = f"[{name}]"
    if not isinstance(table, dict):
        raise InvalidInput(f"{where} is a column's name or a table, not {table!r}.")
    _known(table, RULE_KEYS, where=where)
    return FieldRule(
        column=_text(table, "column", where=where),
        constant=_plain(table["constant"]) if "constant" in table else None,
        strip=tuple(_texts(table.get("strip", []), where=f"{where} strip")),
        values=_values(table.get("values", {}), where=where),
        when=tuple(_case(one, where=f"{where} when") for one in _tables(table.get("when", []))),
        absolute=_flag(table, "absolute", where=where),
        time_zone=_zone(table, where=where),
        format=_text(table, "format", where=where),
        aggregate=_aggregate(table, where=where),
    )


def _case(table: dict[str, Any], *, where: str) -> Case:
    _known(table, {*CONDITION_KEYS, "value"}, where=where)
    if "value" not in table:
        raise InvalidInput(f"{where} needs a `value`.")
    tests = {k: v for k, v in table.items() if k != "value"}
    return Case(Condition.parse(tests, where=where), _plain(table["value"]))


def _rejections(tables: Any) -> tuple[Rejection, ...]:
    found = []
    for number, table in enumerate(_tables(tables), start=1):
        where = f"reject_when {number}"
        _known(table, {*CONDITION_KEYS, "reason"}, where=where)
        reason = _text(table, "reason", where=where)
        if not reason:
            raise InvalidInput(f"{where} needs a `reason`.")
        tests = {k: v for k, v in table.items() if k != "reason"}
        found.append(Rejection(Condition.parse(tests, where=where), reason[:200]))
    return tuple(found)


def _tables(value: Any) -> list[dict[str, Any]]:
    found = value if isinstance(value, list) else [value]
    wrong = next((one for one in found if not isinstance(one, dict)), None)
    if wrong is not None:
        raise InvalidInput(
            f"A condition is a table, such as {{column = 'A', equals = 'x'}}, not {wrong!r}."
        )
    return found


def _known(table: dict[str, Any], keys: Iterable[str], *, where: str) -> None:
    for key in table:
        if key not in keys:
            known = sorted(keys)
            raise InvalidInput(
                f"{where} has an unknown key {key!r}{_hint(key, known)} "
                f"Known keys: {', '.join(known)}."
            )


def _text(table: dict[str, Any], key: str, *, where: str) -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise InvalidInput(f"{where}: {key} is a text, not {value!r}.")
    return value


def _texts(value: Any, *, where: str) -> list[str]:
    found = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) for one in found):
        raise InvalidInput(f"{where} is a text or a list of texts, not {value!r}.")
    return found


def _flag(table: dict[str, Any], key: str, *, where: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise InvalidInput(f"{where}: {key} is true or false, not {value!r}.")
    return value


def _values(table: Any, *, where: str) -> tuple[tuple[str, str], ...]:
    if not isinstance(table, dict):
        raise InvalidInput(f"{where}: values is a table, such as {{F = 'female'}}.")
    return tuple((key, _plain(value)) for key, value in table.items())


def _zone(table: dict[str, Any], *, where: str) -> str | None:
    zone = _text(table, "time_zone", where=where)
    if zone is not None and zone not in zoneinfo.available_timezones():
        raise InvalidInput(f"{where}: {zone!r} is no IANA time zone, such as 'Europe/London'.")
    return zone


def _aggregate(table: dict[str, Any], *, where: str) -> str | None:
    way = _text(table, "aggregate", where=where)
    if way is not None and way not in AGGREGATES:
        raise InvalidInput(f"{where}: aggregate is one of {', '.join(AGGREGATES)}, not {way!r}.")
    return way


def _plain(value: Any) -> str:
    """A TOML value as a file would write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _hint(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else "."
