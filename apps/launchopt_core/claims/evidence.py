"""The facts as proof: what they say in words, and each number with what it counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from launchopt_core.claims.folding import folded
from launchopt_core.claims.meaning import meaning_of
from launchopt_core.claims.quantities import Quantity, quantities_in
from launchopt_core.claims.units import MEASURE_WORDS
from launchopt_core.claims.values import ClaimKind, Facts

MEASURES = frozenset((*MEASURE_WORDS, "家"))
LONGEST = 20_000  # code points of one source or part that are read
SURELY_A_PRICE = 20  # a bare number of a text that is the price counts nothing else from here on
_WORDS = re.compile(r"[\s-]*((?:[a-z]+[\s-]+){0,1}[a-z]+)|\s*([\u4e00-\u9fff]{2})", re.IGNORECASE)
_EMPTY = frozenset(
    re.findall(
        "[a-z]+",
        "a an and at by each every for from in is it more of on only or per so than that the then "
        "to up with you your",
    )
)
# Measure words of things in general, of which one may stand for another.
_THINGS = frozenset("个只件条张支把枚颗粒款套副组对双本台")


class Stated(NamedTuple):
    """A number of a fact: which fact, how much, and the words for what it counts."""

    source: str
    quantity: Quantity
    counts: frozenset[str]


@dataclass(frozen=True)
class Evidence:
    """The facts, read once for all the claims of a text."""

    facts: Facts
    texts: tuple[tuple[str, str], ...]
    numbers: tuple[Stated, ...]

    @classmethod
    def of(cls, facts: Facts) -> Evidence:
        """Read the facts."""
        texts = tuple((name, plain(text)) for name, text in facts.sources() if text)
        numbers = [
            Stated(name, quantity, counted_in(text, quantity))
            for name, text in texts
            for quantity in quantities_in(text, idioms=True)
        ]
        return cls(facts, texts, (*numbers, *_lengths_of_lists(facts)))

    def for_quantity(self, claim: Quantity, *, text: str) -> str | None:
        """The source that states the same quantity, of the same thing as far as that is told."""
        if claim.kind == ClaimKind.PRICE:
            return self._for_price(claim)
        counts = counted_in(text, claim)
        if self._is_contradicted(claim, counts):
            return None
        found = next((s.source for s in self.numbers if _says(s, claim, counts)), None)
        return "price" if found is None and self._is_bare_price(claim) else found

    def for_phrase(self, phrase: str) -> str | None:
        """The source that says the same words, or words that mean them."""
        wanted = meaning_of(plain(phrase))
        return next((name for name, text in self.texts if wanted.search(text)), None)

    def _is_contradicted(self, claim: Quantity, counts: frozenset[str]) -> bool:
        """Whether facts count the same thing and find other numbers only: 7 gears are not 11."""
        if claim.unit or not counts:
            return False
        same = [
            s
            for s in self.numbers
            if (s.counts & counts) - MEASURES and s.quantity.kind == claim.kind
        ]
        return bool(same) and not any(claim.equals(s.quantity) for s in same)

    def _is_bare_price(self, claim: Quantity) -> bool:
        is_bare = not claim.unit and claim.value == self.facts.price
        return is_bare and bool(claim.value % 1 or claim.value >= SURELY_A_PRICE)

    def _for_price(self, claim: Quantity) -> str | None:
        """The price field, or a price that the title (of a voucher) or an approved fact names."""
        is_named = not claim.currencies or not self.facts.currency
        if claim.value == self.facts.price and (
            is_named or self.facts.currency.upper() in claim.currencies
        ):
            return "price"
        approved = (
            s.source
            for s in self.numbers
            if s.source.startswith(("title", "brand_facts.")) and claim.equals(s.quantity)
        )
        return next(approved, None)


def plain(text: str) -> str:
    """A text as it is compared: folded, in lower case, with single spaces."""
    return " ".join(folded(text[:LONGEST]).text.casefold().split())


def counted_in(text: str, quantity: Quantity) -> frozenset[str]:
    """The words behind a number that may name what it counts, without their plural.

    >>> two, pair = (Quantity(start=0, end=end, value=Decimal(2)) for end in (3, 2))
    >>> sorted(counted_in("two USB ports", two)), sorted(counted_in("两只枕套", pair))
    (['port', 'usb'], ['只', '枕套'])
    """
    if quantity.unit:
        return frozenset()
    match = _WORDS.match(text, quantity.end)
    behind = (match[1] or match[2]) if match else ""
    words = [*behind.casefold().replace("-", " ").split(), *_measure(text, quantity)]
    return frozenset(word.removesuffix("s") for word in words if word not in _EMPTY)


def _measure(text: str, quantity: Quantity) -> str:
    """The Chinese measure word at the end of a number or behind it; '' where there is none."""
    around = (text[quantity.end - 1 : quantity.end], text[quantity.end : quantity.end + 1])
    return next((word for word in around if word and word in MEASURES), "")


def _says(stated: Stated, claim: Quantity, counts: frozenset[str]) -> bool:
    """Whether a fact states this number, in a measure that may be meant: 12家 are not 十二档."""
    return claim.equals(stated.quantity) and _same_measure(counts, stated.counts)


def _same_measure(some: frozenset[str], others: frozenset[str]) -> bool:
    mine, theirs = some & MEASURES, others & MEASURES
    return not mine or not theirs or bool(mine & theirs) or mine | theirs <= _THINGS


def _lengths_of_lists(facts: Facts) -> Iterator[Stated]:
    """Three colours, where an attribute lists three."""
    for name, value in facts.attributes.items():
        if isinstance(value, (list, tuple)):
            counts = frozenset({plain(str(name)).split("_")[-1].removesuffix("s")})
            length = Quantity(start=0, end=0, value=Decimal(len(value)))
            yield Stated(f"attributes.{name}", length, counts)
