"""Figures of written copy: facts kept, claims invented, variety, limits, pace and cost."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from benchmarks.copy.checker import invented
from benchmarks.copy.products import stated
from launchopt_core.claims import Draft, Facts
from launchopt_ml.copywriting import Brief

Written = Sequence[tuple[Brief, Draft]]
# Stated by the channels themselves, and counted here without the suite's own code.
LIMITS = {
    "google_search": {"headline": 30, "body": 90},
    "meta": {"headline": 40, "body": 125},
    "email": {"headline": 70, "body": 600},
    "onsite": {"headline": 80, "body": 300},
}
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)


def figures(written: Written) -> dict[str, Any]:
    """All that is told of some creatives, but pace and cost."""
    texts = [" ".join(draft.parts().values()) for _, draft in written]
    faults = [
        (claims, text)
        for (brief, _), text in zip(written, texts, strict=True)
        if (claims := invented(text, stated(brief.facts)))
    ]
    kept = [_facts_kept(brief, text) for (brief, _), text in zip(written, texts, strict=True)]
    return {
        "creatives": len(written),
        "with_invented_claims": len(faults),
        "invented": [f"{claims}: {text}"[:160] for claims, text in faults[:5]],
        "facts_kept": round(sum(k for k, _ in kept) / max(sum(n for _, n in kept), 1), 3),
        "distinct_1": distinct(written, 1),
        "distinct_2": distinct(written, 2),
        "limits_held": round(sum(map(_holds, *zip(*written, strict=True))) / len(written), 4),
    }


def distinct(written: Written, size: int) -> float:
    """The share of distinct n-grams among those of headlines and bodies (Li et al., 2016)."""
    grams = [
        gram
        for _, draft in written
        for gram in _grams(_words(f"{draft.headline} {draft.body}"), size)
    ]
    return round(len(set(grams)) / max(len(grams), 1), 4)


def masked(brief: Brief, draft: Draft) -> str:
    """A headline with all that facts bring masked: its pattern."""
    facts = brief.facts
    text = re.sub("(?<=[裙裤鞋帽袜])子", "", draft.headline.casefold())  # 裙子 is the fact 裙
    for value in sorted(_values(facts), key=len, reverse=True):
        text = text.replace(value, "_") if re.search(r"[\u3400-\u9fff]", value) else text
    text = text.replace("_风", "_")  # 简约风 is the fact 简约
    known = set(_words(f"{facts.title} {facts.brand}"))
    words = re.findall(r"[^\W\d]+(?:['’-][^\W\d_]+)*|\d[\d.,]*|_|[^\w\s]", text)
    marks = ["_" if word[0].isdigit() or set(_words(word)) & known else word for word in words]
    return re.sub(r"[_ …]*_[_ …]*", " _ ", " ".join(marks)).strip()


def _values(facts: Facts) -> list[str]:
    each = [v for value in facts.attributes.values()
            for v in (value if isinstance(value, list) else [value])]  # fmt: skip
    return [str(value).casefold() for value in (*each, facts.title) if value]


def _facts_kept(brief: Brief, text: str) -> tuple[int, int]:
    """(facts told, facts given): title, price, brand, category and each attribute."""
    facts, lower = brief.facts, text.casefold()
    words = _words(facts.title)
    told = [sum(word in lower for word in words) >= 0.6 * len(words)]
    if facts.price is not None:
        told.append(f"{facts.price:f}" in lower)
    told += [value.casefold() in lower for value in (facts.brand, facts.category) if value]
    for value in facts.attributes.values():
        each = value if isinstance(value, (list, tuple)) else [value]
        told += [str(item).casefold() in lower for item in each]
    return sum(told), len(told)


def _holds(brief: Brief, draft: Draft) -> bool:
    if brief.channel == "sms":
        message = f"{draft.body} {draft.call_to_action}"
        return len(message) <= (160 if set(message) <= GSM else 70)
    limits = LIMITS[brief.channel]
    return all(_length(brief.channel, getattr(draft, part)) <= limits[part] for part in limits)


def _length(channel: str, text: str) -> int:
    wide = sum(unicodedata.east_asian_width(c) in ("W", "F") for c in text)
    return len(text) + (wide if channel == "google_search" else 0)


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+|[\u3400-\u9fff]", text.casefold())


def _grams(words: list[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(words[at : at + size]) for at in range(len(words) - size + 1)]
