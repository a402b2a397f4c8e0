"""The claim ledger: each statement of a text that a shop can be held to, tied to its proof.

What this is not: a judge of style or law. It finds and ties; a person decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from launchopt_core.claims.meaning import meaning_of
from launchopt_core.claims.phrases import phrases_in
from launchopt_core.claims.quantities import Quantity, quantities_in
from launchopt_core.claims.values import Claim, ClaimKind, Draft, Facts

LONGEST = 20_000  # code points of one source or part that are read


@dataclass(frozen=True)
class _Evidence:
    """The facts, read once for all the claims of a text."""

    facts: Facts
    texts: tuple[tuple[str, str], ...]
    quantities: tuple[tuple[str, Quantity], ...]

    @classmethod
    def of(cls, facts: Facts) -> _Evidence:
        texts = tuple((name, _plain(text)) for name, text in facts.sources() if text)
        numbers = [
            (name, quantity)
            for name, text in texts
            for quantity in quantities_in(text, idioms=True)
        ]
        numbers += [
            (f"attributes.{name}", Quantity(start=0, end=0, value=Decimal(len(value))))
            for name, value in facts.attributes.items()
            if isinstance(value, (list, tuple))
        ]
        return cls(facts, texts, tuple(numbers))

    def for_quantity(self, claim: Quantity) -> str | None:
        """The source that states the same quantity."""
        if claim.kind == ClaimKind.PRICE:
            return self._for_price(claim)
        found = next((name for name, fact in self.quantities if claim.equals(fact)), None)
        is_bare_price = not claim.unit and claim.value == self.facts.price and claim.value % 1
        return "price" if found is None and is_bare_price else found

    def for_phrase(self, phrase: str) -> str | None:
        """The source that says the same words, or words that mean them."""
        wanted = meaning_of(_plain(phrase))
        return next((name for name, text in self.texts if wanted.search(text)), None)

    def _for_price(self, claim: Quantity) -> str | None:
        """The price field, or a price that the title (of a voucher) or an approved fact names."""
        is_named = not claim.currencies or not self.facts.currency
        if claim.value == self.facts.price and (
            is_named or self.facts.currency.upper() in claim.currencies
        ):
            return "price"
        approved = (
            name
            for name, fact in self.quantities
            if name.startswith(("title", "brand_facts.")) and claim.equals(fact)
        )
        return next(approved, None)


def claims_in(parts: Mapping[str, str], *, facts: Facts) -> tuple[Claim, ...]:
    """The claims of a text given by its parts, in reading order, each with its support or None.

    >>> mug = Facts(title="Mug", description="Holds 300 ml.")
    >>> [(c.text, c.support) for c in claims_in({"text": "The best mug, 0.3 l"}, facts=mug)]
    [('best', None), ('0.3 l', 'description')]
    """
    evidence = _Evidence.of(facts)
    return tuple(
        claim for part, text in parts.items() for claim in _claims_of(part, text, evidence)
    )


def claims_of(draft: Draft, *, facts: Facts) -> tuple[Claim, ...]:
    """The claims of a draft."""
    return claims_in(draft.parts(), facts=facts)


def unsupported(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """The claims that nothing proves."""
    return tuple(claim for claim in claims if claim.support is None)


def _claims_of(part: str, text: str, evidence: _Evidence) -> list[Claim]:
    text = text[:LONGEST]
    found = [(q.start, q.end, q.kind, evidence.for_quantity(q)) for q in quantities_in(text)] + [
        (start, end, kind, evidence.for_phrase(text[start:end]))
        for start, end, kind in phrases_in(text)
    ]
    return [
        Claim(part=part, start=start, end=end, text=text[start:end], kind=kind, support=support)
        for start, end, kind, support in _outermost(found)
    ]


def _outermost(
    spans: list[tuple[int, int, ClaimKind, str | None]],
) -> Iterator[tuple[int, int, ClaimKind, str | None]]:
    """In reading order; a span that lies within one already told is not told again."""
    reached = -1
    for span in sorted(spans, key=lambda found: (found[0], -found[1])):
        if span[1] > reached:
            yield span
            reached = span[1]


def _plain(text: str) -> str:
    return " ".join(text[:LONGEST].casefold().split())
