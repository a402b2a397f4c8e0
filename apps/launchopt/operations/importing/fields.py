"""The fields of an import: how a text becomes a value, and what can be wrong with it."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import polars as pl

Fault = tuple[pl.Expr, str]

MONEY = pl.Decimal(18, 4)
TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0")
UUID_PATTERN = r"^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$"
EMAIL_PATTERN = r"^[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+$"
URL_PATTERN = r"^https?://[^\s/]+\S*$"
CURRENCY_PATTERN = r"^[A-Z]{3}$"


@dataclass(frozen=True)
class Kind:
    """`value` makes a value of a text; `faults` gives what may be wrong with either, in order."""

    value: Callable[[pl.Expr], pl.Expr]
    faults: Callable[[pl.Expr, pl.Expr], list[Fault]]
    is_instant: bool = False


@dataclass(frozen=True)
class Field:
    """A field of an import. A name that ends in a dot stands for all that begin with it."""

    name: str
    kind: Kind
    is_required: bool = False

    @property
    def is_family(self) -> bool:
        """Whether it stands for many, as `attributes.` does."""
        return self.name.endswith(".")

    def covers(self, name: str) -> bool:
        """Whether a name is this field's."""
        return (
            name.startswith(self.name) and name != self.name
            if self.is_family
            else (name == self.name)
        )


@dataclass(frozen=True)
class Rule:
    """A condition over cleaned values that a row must not meet."""

    needs: tuple[str, ...]
    broken: pl.Expr
    reason: str


def field_of(name: str, fields: Iterable[Field]) -> Field | None:
    """The field that a name belongs to."""
    return next((f for f in fields if f.covers(name)), None)


def text(longest: int) -> Kind:
    """A text of at most so many characters."""

    def faults(raw: pl.Expr, _: pl.Expr) -> list[Fault]:
        return [
            (raw.str.len_chars() > longest, f"is longer than {longest:,} characters"),
            (raw.str.contains("\0", literal=True), "holds a NUL character"),
        ]

    return Kind(lambda raw: raw, faults)


def matching(pattern: str, *, words: str, longest: int, upper: bool = False) -> Kind:
    """A text of a form, such as an address."""
    plain = text(longest)

    def value(raw: pl.Expr) -> pl.Expr:
        return raw.str.to_uppercase() if upper else raw

    def faults(raw: pl.Expr, made: pl.Expr) -> list[Fault]:
        return [*plain.faults(raw, made), (~made.str.contains(pattern), words)]

    return Kind(value, faults)


def email() -> Kind:
    """An e-mail address."""
    return matching(EMAIL_PATTERN, words="is no e-mail address", longest=254)


def url() -> Kind:
    """A web address."""
    return matching(URL_PATTERN, words="is no http address", longest=1000)


def currency() -> Kind:
    """An ISO 4217 code."""
    words = "is no currency code of three letters"
    return matching(CURRENCY_PATTERN, words=words, longest=20, upper=True)


def integer(low: int | None = None, high: int = 2**31 - 1) -> Kind:
    """A whole number within bounds; `6.0` is 6."""

    def faults(raw: pl.Expr, value: pl.Expr) -> list[Fault]:
        found = [(raw.is_not_null() & value.is_null(), "is no whole number")]
        if low == 0:
            found.append((value < 0, "is negative"))
        else:
            least = -(2**31) if low is None else low
            found.append((value < least, f"is below {least:,}"))
        return [*found, (value > high, f"is above {high:,}")]

    return Kind(lambda raw: raw.str.replace(r"\.0+$", "").cast(pl.Int64, strict=False), faults)


def amount() -> Kind:
    """A sum of money, not negative, to four decimals."""

    def faults(raw: pl.Expr, value: pl.Expr) -> list[Fault]:
        return [
            (raw.is_not_null() & value.is_null(), "is no number"),
            (value < 0, "is negative"),
        ]

    return Kind(lambda raw: raw.cast(MONEY, strict=False), faults)


def number() -> Kind:
    """Any finite number."""

    def value(raw: pl.Expr) -> pl.Expr:
        made = raw.cast(pl.Float64, strict=False)
        return pl.when(made.is_finite()).then(made)

    return Kind(value, lambda raw, made: [(raw.is_not_null() & made.is_null(), "is no number")])


def boolean() -> Kind:
    """true/false, yes/no, 1/0, in any case."""

    def value(raw: pl.Expr) -> pl.Expr:
        word = raw.str.to_lowercase()
        return pl.when(word.is_in(TRUE)).then(True).when(word.is_in(FALSE)).then(False)

    words = "is neither yes nor no"
    return Kind(value, lambda raw, made: [(raw.is_not_null() & made.is_null(), words)])


def choice(options: Iterable[str]) -> Kind:
    """One of some words, in any case."""
    known = sorted(options)

    def faults(_: pl.Expr, value: pl.Expr) -> list[Fault]:
        return [(~value.is_in(known), "is unknown")]

    return Kind(lambda raw: raw.str.to_lowercase(), faults)


def time_zone() -> Kind:
    """An IANA time zone."""
    known = sorted(zoneinfo.available_timezones())

    def faults(_: pl.Expr, value: pl.Expr) -> list[Fault]:
        return [(~value.is_in(known), "is no IANA time zone")]

    return Kind(lambda raw: raw, faults)


def uuid() -> Kind:
    """A UUID, with or without dashes."""

    def faults(_: pl.Expr, value: pl.Expr) -> list[Fault]:
        return [(~value.str.contains(UUID_PATTERN), "is no UUID")]

    return Kind(lambda raw: raw.str.to_lowercase(), faults)


def instant() -> Kind:
    """An ISO instant; see `launchopt.operations.importing.instants`."""
    return Kind(lambda raw: raw, lambda _raw, _value: [], is_instant=True)
