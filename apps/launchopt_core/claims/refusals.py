"""The spans of a text that may not be shown: forbidden words, shouting, emojis, too much."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from launchopt_core.claims.folding import spans_in
from launchopt_core.claims.limits import length_in, limits_of, sms_limit
from launchopt_core.claims.manners import ANY_MANNER, Manner, unmannered
from launchopt_core.claims.rules import RULES, Rule
from launchopt_core.claims.values import Facts, Refusal

LONGEST = 20_000  # code points of one part that are read
EMOJIS = {"google_search": 0, "sms": 0, "email": 1, "onsite": 2, "meta": 3}
EMOJIS_ELSEWHERE = 3
SHOUTED = 2  # words in capitals that make a text shout, unless the product is written so
TEXT_LIMITS = {"text": "body"}

_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff\u2600-\u26ff\u2700-\u27bf\u2b50\u2b55\u231a\u231b]"
)
_CAPITALS = re.compile(r"\b[A-Z]{4,}\b")


def refusals_in(
    parts: Mapping[str, str],
    *,
    facts: Facts,
    channel: str = "",
    forbidden: Iterable[str] = (),
    required: Iterable[str] = (),
    manner: Manner = ANY_MANNER,
) -> tuple[Refusal, ...]:
    """What may not be said in a text, given by its parts, in reading order of each part.

    >>> [(r.text, r.rule) for r in refusals_in({"text": "销量第一!!"}, facts=Facts(title="茶"))]
    [('销量第一', 'advertising_law'), ('!!', 'shouting')]
    """
    rules = (*RULES, *_forbidden(forbidden))
    found = [
        refusal
        for part, text in parts.items()
        for refusal in (
            *_in_part(part, text[:LONGEST], facts=facts, rules=rules),
            *_emojis(part, text[:LONGEST], allowed=_emojis_allowed(channel, manner)),
            *unmannered(part, text[:LONGEST], facts=facts, manner=manner),
        )
    ]
    return (*found, *_overlong(parts, channel), *_missing(parts, required))


def _in_part(part: str, text: str, *, facts: Facts, rules: Iterable[Rule]) -> Iterator[Refusal]:
    for rule in rules:
        for span in spans_in(text, partial(_matches, rule.pattern)):
            if rule.name == "personal_data" and _is_named(text[slice(*span)], facts):
                continue
            yield _refusal(part, text, *span, rule=rule.name, detail=rule.detail)
    yield from _shouted(part, text, facts=facts)


def _is_named(words: str, facts: Facts) -> bool:
    """Whether a name is that of the product itself, as in 'Mrs Robot, soft toy'."""
    is_name = not any(c.isdigit() or c == "@" for c in words)
    return is_name and words.casefold() in f"{facts.title} {facts.brand}".casefold()


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in pattern.finditer(text))


def _refusal(part: str, text: str, start: int, end: int, *, rule: str, detail: str) -> Refusal:
    return Refusal(part=part, start=start, end=end, text=text[start:end], rule=rule, detail=detail)


def _forbidden(terms: Iterable[str]) -> Iterator[Rule]:
    for term in terms:
        edge = r"\b" if term.isascii() and term.isalnum() else ""
        pattern = re.compile(edge + re.escape(term) + edge, re.IGNORECASE)
        yield Rule("forbidden_term", pattern, f"The shop does not use {term!r}.")


def _missing(parts: Mapping[str, str], required: Iterable[str]) -> Iterator[Refusal]:
    said = " ".join(parts.values()).casefold()
    first = next(iter(parts), "text")
    for term in required:
        if term.casefold() not in said:
            yield Refusal(part=first, start=0, end=0, text="", rule="required_term",
                          detail=f"{term!r} must be said.")  # fmt: skip


def _shouted(part: str, text: str, *, facts: Facts) -> Iterator[Refusal]:
    """Words in capitals that the product's own facts do not write so."""
    known = " ".join(value for _, value in facts.sources())
    loud = [match for match in _CAPITALS.finditer(text) if match.group() not in known]
    if len(loud) >= SHOUTED:
        yield _refusal(part, text, loud[0].start(), loud[-1].end(), rule="capitals",
                       detail="Words in capitals shout.")  # fmt: skip


def _emojis_allowed(channel: str, manner: Manner) -> int:
    return EMOJIS.get(channel, EMOJIS_ELSEWHERE) if manner.allows_emojis else 0


def _emojis(part: str, text: str, *, allowed: int) -> Iterator[Refusal]:
    found = list(_EMOJI.finditer(text))
    if len(found) > allowed:
        yield _refusal(part, text, found[allowed].start(), found[-1].end(), rule="emoji",
                       detail=f"At most {allowed} emojis here.")  # fmt: skip


def _overlong(parts: Mapping[str, str], channel: str) -> Iterator[Refusal]:
    """A text message says its body and its call to action: they share one limit."""
    action = parts.get("call_to_action", "")
    for part, text in parts.items():
        after = f" {action}" if channel == "sms" and part == "body" and action else ""
        yield from _too_long(part, text, channel=channel, after=after)


def _too_long(part: str, text: str, *, channel: str, after: str) -> Iterator[Refusal]:
    if len(text) > LONGEST:
        detail = f"{len(text):,} characters are too many to be checked."
        yield _refusal(part, text, LONGEST, len(text), rule="too_long", detail=detail)
    if not channel:
        return
    text = text[:LONGEST]
    limit = getattr(limits_of(channel), TEXT_LIMITS.get(part, part), None)
    if channel == "sms" and TEXT_LIMITS.get(part, part) == "body":
        limit = sms_limit(text + after)
    if limit is not None and (length := length_in(channel, text + after)) > limit:
        start = min(_reach(text, channel, limit), max(len(text) - 1, 0))
        yield _refusal(part, text, start, len(text), rule="too_long",
                       detail=f"{length} characters long; {limit} are allowed.")  # fmt: skip


def _reach(text: str, channel: str, limit: int) -> int:
    """Where a text passes its limit, in code points."""
    used = 0
    for index, character in enumerate(text):
        used += length_in(channel, character)
        if used > limit:
            return index
    return len(text)
