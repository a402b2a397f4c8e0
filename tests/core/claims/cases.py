"""Texts about made-up products: good ones, and ones in which something false was planted.

A file holds products (=, JSON), good texts (+) and texts with planted spans in double brackets (-);
what cannot be seen is written as \\u and four digits. `development.txt` may be looked at while the
check is built, and `strangers.txt` since each third of it was first measured; `held_out.txt` only
measures it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launchopt_core.claims import Checked, Facts, check
from launchopt_core.claims.reading import facts_from

HERE = Path(__file__).parent
PLANTED = re.compile(r"\[\[(.+?)\]\]")
UNSEEN = re.compile(r"\\u([0-9a-f]{4})")


@dataclass(frozen=True)
class Case:
    """A text, its facts, and the spans that were planted in it."""

    language: str
    text: str
    facts: Facts
    spans: tuple[tuple[int, int], ...]

    def is_caught(self, checked: Checked) -> bool:
        """Whether it is stopped because of a planted span."""
        stopped = [(f.start, f.end) for f in (*checked.unproved, *checked.refusals)]
        return any(a < end and start < b for a, b in self.spans for start, end in stopped)


def cases(name: str) -> Iterator[Case]:
    """The cases of a file."""
    product: dict[str, Any] = {}
    for line in (HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        mark, _, rest = line.partition(" ")
        if mark == "=":
            product = json.loads(rest)
        elif mark in "+-" and rest:
            seen = UNSEEN.sub(lambda match: chr(int(match[1], 16)), rest)
            text, spans = _unmarked(seen)
            facts = facts_from(product["facts"], brand_facts=product["brand_facts"],
                               language=product["language"])  # fmt: skip
            yield Case(product["language"], text, facts, spans)


def judged(case: Case) -> Checked:
    """What the check makes of a case."""
    return check({"text": case.text}, facts=case.facts)


def _unmarked(marked: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    text, spans, at = "", [], 0
    for match in PLANTED.finditer(marked):
        text += marked[at : match.start()]
        spans.append((len(text), len(text) + len(match.group(1))))
        text += match.group(1)
        at = match.end()
    return text + marked[at:], tuple(spans)
