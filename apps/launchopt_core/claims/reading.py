"""Copy and facts as JSON lines: what a line may hold, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from launchopt_core.claims.limits import CHANNELS
from launchopt_core.claims.values import Facts
from launchopt_core.errors import ImpossibleInput

TEXTS = ("title", "description", "category", "brand", "currency")
DECIMAL_COMMA = re.compile(r"^(\d+),(\d{1,2})$")  # 7,50; in 1,200 a comma parts thousands
KNOWN = {*TEXTS, "price", "attributes"}


class InvalidCopy(ImpossibleInput):
    """A line that is no copy to check; the message says what to change."""


class Copy(NamedTuple):
    """A text by its parts, and what it is checked against."""

    id: str
    parts: dict[str, str]
    facts: Facts
    channel: str


def copy_from(line: Any) -> Copy:
    """The copy that a JSON object states. Raises InvalidCopy."""
    if not isinstance(line, Mapping):
        raise InvalidCopy("a line is one JSON object.")
    if line.get("id") is None:
        raise InvalidCopy("it has no id.")
    channel = line.get("channel") or ""
    if channel and (not isinstance(channel, str) or channel not in CHANNELS):
        raise InvalidCopy(f"there is no channel {channel!r}; take {', '.join(CHANNELS)} or none.")
    facts = facts_from(
        line.get("facts"),
        brand_facts=line.get("brand_facts") or [],
        language=language_from(line),
    )
    return Copy(line["id"], _parts(line.get("text")), facts, channel)


def language_from(line: Mapping[str, Any]) -> str:
    """The language that a line names; English where it names none."""
    language = line.get("language") or "en"
    if not isinstance(language, str):
        raise InvalidCopy("language must be a code such as en or zh-Hans.")
    return language


def facts_from(facts: Any, *, brand_facts: Sequence[str], language: str) -> Facts:
    """The facts that a JSON object states; what it has beyond the known fields is an attribute."""
    if not isinstance(facts, Mapping):
        raise InvalidCopy("facts must be an object.")
    if isinstance(brand_facts, str) or not all(isinstance(fact, str) for fact in brand_facts):
        raise InvalidCopy("brand_facts must be a list of sentences.")
    attributes = facts.get("attributes") or {}
    if not isinstance(attributes, Mapping):
        raise InvalidCopy("facts.attributes must be an object.")
    more = {name: value for name, value in facts.items() if name not in KNOWN}
    title, description, category, brand, currency = (
        "" if facts.get(name) is None else str(facts[name]) for name in TEXTS
    )
    return Facts(
        title=title,
        description=description,
        category=category,
        brand=brand,
        currency=currency,
        price=_price(facts.get("price")),
        attributes={**attributes, **more},
        language=language,
        brand_facts=tuple(brand_facts),
    )


def _price(price: Any) -> Decimal | None:
    if price is None or price == "":
        return None
    try:
        text = DECIMAL_COMMA.sub(r"\1.\2", str(price).strip())
        amount = Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise InvalidCopy(f"facts.price is no amount: {price!r}.") from None
    if not amount.is_finite():
        raise InvalidCopy(f"facts.price is no amount: {price!r}.")
    return amount


def _parts(text: Any) -> dict[str, str]:
    if isinstance(text, str):
        return {"text": text}
    if isinstance(text, Mapping) and text and all(isinstance(t, str) for t in text.values()):
        return {str(part): words for part, words in text.items()}
    raise InvalidCopy("text must be a string, or an object of parts.")
