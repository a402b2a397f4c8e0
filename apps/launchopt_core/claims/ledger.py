"""The claim ledger: each statement of a text that a shop can be held to, tied to its proof.

What this is not: a judge of style or law. It finds and ties; a person decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from launchopt_core.claims.evidence import LONGEST, Evidence
from launchopt_core.claims.folding import folded, readings
from launchopt_core.claims.phrases import phrases_in
from launchopt_core.claims.quantities import quantities_in
from launchopt_core.claims.values import Claim, ClaimKind, Draft, Facts

Span = tuple[int, int, ClaimKind, str | None]  # from, until, what it claims, what proves it


def claims_in(parts: Mapping[str, str], *, facts: Facts) -> tuple[Claim, ...]:
    """The claims of a text given by its parts, in reading order, each with its support or None.

    >>> mug = Facts(title="Mug", description="Holds 300 ml.")
    >>> [(c.text, c.support) for c in claims_in({"text": "The best mug, 0.3 l"}, facts=mug)]
    [('best', None), ('0.3 l', 'description')]
    """
    evidence = Evidence.of(facts)
    return tuple(
        claim for part, text in parts.items() for claim in _claims_of(part, text, evidence)
    )


def claims_of(draft: Draft, *, facts: Facts) -> tuple[Claim, ...]:
    """The claims of a draft."""
    return claims_in(draft.parts(), facts=facts)


def unsupported(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """The claims that nothing proves."""
    return tuple(claim for claim in claims if claim.support is None)


def _claims_of(part: str, text: str, evidence: Evidence) -> list[Claim]:
    text = text[:LONGEST]
    found = [*_numbers(text, evidence), *_phrases(text, evidence)]
    return [
        Claim(part=part, start=start, end=end, text=text[start:end], kind=kind, support=support)
        for start, end, kind, support in _outermost(found)
    ]


def _numbers(text: str, evidence: Evidence) -> Iterator[Span]:
    reading = folded(text)
    for found in quantities_in(reading.text):
        support = evidence.for_quantity(found, text=reading.text)
        yield *reading.span(found.start, found.end), found.kind, support


def _phrases(text: str, evidence: Evidence) -> Iterator[Span]:
    for reading in readings(text):
        for start, end, kind in phrases_in(reading.text):
            support = evidence.for_phrase(reading.text[start:end])
            yield *reading.span(start, end), kind, support


def _outermost(spans: list[Span]) -> Iterator[Span]:
    """In reading order; a span that lies within one already told is not told again."""
    reached = -1
    for span in sorted(spans, key=lambda found: (found[0], -found[1])):
        if span[1] > reached:
            yield span
            reached = span[1]
