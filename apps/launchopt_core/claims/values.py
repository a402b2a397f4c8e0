"""What copy is made of and measured against: facts, drafts, claims. Values only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

PARTS = ("headline", "body", "call_to_action", "alt_text")
EMAIL_PARTS = ("subject", "preheader")


class ClaimKind(StrEnum):
    """The kinds of statement that a shop can be held to."""

    NUMBER = "number"
    PRICE = "price"
    PERCENTAGE = "percentage"
    SUPERLATIVE = "superlative"
    COMPARISON = "comparison"
    GUARANTEE = "guarantee"
    OFFER = "offer"
    DATE = "date"
    CERTIFICATION = "certification"
    MATERIAL = "material"
    ORIGIN = "origin"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that a text about a product may state. Only the title is needed.

    ``is_new`` says that the product is being launched, so that 'new' is true of it.
    ``brand_facts`` are sentences about the shop that a person has approved.
    """

    title: str
    description: str = ""
    category: str = ""
    brand: str = ""
    price: Decimal | None = None
    currency: str = ""
    attributes: Mapping[str, object] = field(default_factory=dict)
    language: str = "en"
    brand_facts: tuple[str, ...] = ()
    is_new: bool = False

    def sources(self) -> Iterator[tuple[str, str]]:
        """Every fact that is text, as (name of the source, text)."""
        yield from (
            (name, getattr(self, name)) for name in ("title", "description", "category", "brand")
        )
        for name, value in self.attributes.items():
            yield f"attributes.{name}", _stated(str(name) or "value", value)
        for index, sentence in enumerate(self.brand_facts):
            yield f"brand_facts.{index}", sentence


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A text as it would be shown. Only an e-mail has a subject and a preheader."""

    headline: str
    body: str
    call_to_action: str
    alt_text: str
    subject: str = ""
    preheader: str = ""

    def parts(self) -> dict[str, str]:
        """The text of each part; those of an e-mail only where there are any."""
        of_email = {name: getattr(self, name) for name in EMAIL_PARTS if getattr(self, name)}
        return {name: getattr(self, name) for name in PARTS} | of_email


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A statement found in a text. Offsets count code points of its part.

    ``support`` names the fact that proves it (``price``, ``title``, ``attributes.material``,
    ``brand_facts.0``); it is None where nothing does.
    """

    part: str
    start: int
    end: int
    text: str
    kind: ClaimKind
    support: str | None

    @property
    def is_supported(self) -> bool:
        """Whether a fact proves it."""
        return self.support is not None

    def as_dict(self) -> dict[str, object]:
        """The claim as it is stored and sent."""
        return {
            "part": self.part,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "kind": str(self.kind),
            "support": self.support,
        }


def attribute_text(value: object) -> str:
    """An attribute's value as text; lists and objects are joined by commas.

    >>> attribute_text(["red", "white"])
    'red, white'
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {attribute_text(item)}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(attribute_text(item) for item in value)
    return "" if value is None else str(value)


def _stated(name: str, value: object) -> str:
    """What an attribute states: {"length_cm": 180} is 180 cm, {"vegan": true} is vegan."""
    words = name.replace("_", " ")
    if value is None or value is False:
        return ""
    if value is True:
        return words
    if isinstance(value, (int, float, Decimal)):
        return f"{words}: {value} {words.split()[-1]}; {value}"
    return f"{words}: {attribute_text(value)}"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Words that may not be said whatever the facts are. Offsets count code points of the part."""

    part: str
    start: int
    end: int
    text: str
    rule: str
    detail: str

    def as_dict(self) -> dict[str, object]:
        """The refusal as it is stored and sent."""
        return {
            "part": self.part,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "rule": self.rule,
            "detail": self.detail,
        }
