"""The question that an audience asks: rules as JSON, checked before they are kept."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from launchopt.operations.errors import FieldError, InvalidInput

PRICE_BANDS = ("low", "middle", "high")
CLASSES = (1, 5)
MARKETING = "marketing"


@dataclass(frozen=True)
class AudienceRules:
    """What members have in common; an empty field asks for nothing. Ranges include both ends.

    `top_share` is the share of the likeliest customers of the product, `interests` any of these
    names, `consent` the purpose that must be agreed to (None: none).
    """

    probability: tuple[float, float] | None = None
    top_share: float | None = None
    interests: tuple[str, ...] = ()
    price_band: tuple[str, ...] = ()
    recency: tuple[int, int] | None = None
    frequency: tuple[int, int] | None = None
    monetary: tuple[int, int] | None = None
    age_band: tuple[str, ...] = ()
    gender: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    active_since: datetime | None = None
    consent: str | None = MARKETING

    @classmethod
    def parse(cls, rules: Any) -> AudienceRules:
        """From JSON. Raises InvalidInput with a pointer to each rule that is wrong."""
        if not isinstance(rules, Mapping):
            raise InvalidInput.at("/rules", 'rules is an object, such as {"price_band": "low"}.')
        values: dict[str, Any] = {}
        faults: list[FieldError] = []
        for name, value in rules.items():
            try:
                values[name] = _parsed(name, value)
            except ValueError as error:
                faults.append(FieldError(f"/rules/{name}", str(error)))
        if faults:
            raise InvalidInput(faults[0].detail, faults)
        return cls(**values)

    @property
    def needs_scores(self) -> bool:
        """Whether it asks about interest in a product."""
        return self.probability is not None or self.top_share is not None

    @property
    def persona_ranges(self) -> dict[str, tuple[int, int]]:
        """Ranges of classes, by the field of the persona."""
        given = {name: getattr(self, name) for name in ("recency", "frequency", "monetary")}
        return {name: value for name, value in given.items() if value}


def _parsed(name: str, value: Any) -> Any:
    parse = PARSERS.get(name)
    if parse is None:
        close = difflib.get_close_matches(str(name), PARSERS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"rules: {', '.join(PARSERS)}."
        raise ValueError(f"There is no rule {name!r}; {hint}")
    return parse(name, value)


def _range(low: float, high: float, *, whole: bool = False) -> Callable[[str, Any], Any]:
    def parse(name: str, value: Any) -> tuple[float, float]:
        kind = int if whole else int | float
        is_pair = isinstance(value, list | tuple) and len(value) == 2
        if not is_pair or not all(_is(kind, v) and low <= v <= high for v in value):
            raise ValueError(f"{name} is a range [from, to] within {low:g} and {high:g}.")
        if value[0] > value[1]:
            raise ValueError(f"{name} ends before it begins.")
        return (value[0], value[1])

    return parse


def _is(kind: Any, value: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _share(name: str, value: Any) -> float:
    if not _is(int | float, value) or not 0 < value <= 1:
        raise ValueError(f"{name} is a share above 0 and up to 1.")
    return float(value)


def _words(*known: str) -> Callable[[str, Any], tuple[str, ...]]:
    def parse(name: str, value: Any) -> tuple[str, ...]:
        words = [value] if isinstance(value, str) else value
        if not isinstance(words, list | tuple) or not words:
            raise ValueError(f"{name} is a text or a list of texts.")
        if not all(isinstance(word, str) and word for word in words):
            raise ValueError(f"{name} is a text or a list of texts.")
        wrong = next((word for word in words if known and word not in known), None)
        if wrong is not None:
            raise ValueError(f"{name} is one of {', '.join(known)}, not {wrong!r}.")
        return tuple(words)

    return parse


def _instant(name: str, value: Any) -> datetime:
    try:
        instant = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ValueError(f"{name} is an ISO instant with a zone, such as 2026-03-01T00:00:00Z.")
    return instant


def _purpose(name: str, value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or not value):
        raise ValueError(f"{name} is the purpose to be agreed to, such as marketing, or null.")
    return value


PARSERS: dict[str, Callable[[str, Any], Any]] = {
    "probability": _range(0, 1),
    "top_share": _share,
    "interests": _words(),
    "price_band": _words(*PRICE_BANDS),
    "recency": _range(*CLASSES, whole=True),
    "frequency": _range(*CLASSES, whole=True),
    "monetary": _range(*CLASSES, whole=True),
    "age_band": _words(),
    "gender": _words(),
    "country": _words(),
    "language": _words(),
    "active_since": _instant,
    "consent": _purpose,
}
