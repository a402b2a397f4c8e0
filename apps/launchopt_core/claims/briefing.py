"""Briefs as JSON lines: what a line that asks for copy may hold, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from launchopt_core.claims.reading import InvalidCopy, facts_from, language_from
from launchopt_core.claims.values import Facts

TRAITS = ("age_band", "gender", "interests", "price_band")


class Asked(NamedTuple):
    """A product, and for whom it is written; no persona means for anybody."""

    id: Any
    facts: Facts
    persona: dict[str, Any] | None


def asked_from(line: Any) -> Asked:
    """The brief that a JSON object states. Raises InvalidCopy."""
    if not isinstance(line, Mapping):
        raise InvalidCopy("a line is one JSON object.")
    if line.get("id") is None:
        raise InvalidCopy("it has no id.")
    facts = facts_from(
        line.get("facts"),
        brand_facts=line.get("brand_facts") or [],
        language=language_from(line),
    )
    if not facts.title.strip():
        raise InvalidCopy("facts.title is missing: a product needs a name.")
    return Asked(line["id"], facts, _persona(line.get("persona")))


def _persona(stated: Any) -> dict[str, Any] | None:
    if stated is None:
        return None
    if not isinstance(stated, Mapping):
        raise InvalidCopy("persona must be an object or null.")
    unknown = sorted(map(str, stated.keys() - set(TRAITS)))
    if unknown:
        raise InvalidCopy(f"a persona has no {unknown[0]!r}; it has {', '.join(TRAITS)}.")
    interests = stated.get("interests") or []
    if isinstance(interests, str) or not all(isinstance(each, str) for each in interests):
        raise InvalidCopy("persona.interests must be a list of words.")
    texts = {name: str(stated.get(name) or "") for name in TRAITS if name != "interests"}
    return {**texts, "interests": tuple(interests)}
