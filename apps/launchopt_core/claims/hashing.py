"""Hashes that pin what a person approved, and the facts on which it stood."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from launchopt_core.claims.values import Draft, Facts, attribute_text


def content_hash(draft: Draft) -> str:
    """SHA-256 over the canonical JSON of a draft: one changed byte is another hash.

    >>> mug = Draft(headline="Mug", body="A mug.", call_to_action="Look", alt_text="Mug")
    >>> content_hash(mug)[:12]
    '0adeab6be635'
    """
    return _digest(draft.parts())


def facts_hash(facts: Facts) -> str:
    """SHA-256 over the facts that a text may state; texts written on other facts are stale.

    >>> facts_hash(Facts(title="Mug")) == facts_hash(Facts(title="Mug", language="zh-Hans"))
    False
    """
    return _digest(
        {
            "title": facts.title,
            "description": facts.description,
            "category": facts.category,
            "brand": facts.brand,
            "price": None if facts.price is None else f"{facts.price.normalize():f}",
            "currency": facts.currency,
            "language": facts.language,
            "attributes": {str(k): attribute_text(v) for k, v in facts.attributes.items()},
        }
    )


def _digest(content: Mapping[str, object]) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
