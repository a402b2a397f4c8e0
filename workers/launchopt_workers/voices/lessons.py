"""Copy that a voice may be learned from: approved creatives and files, proved by the ledger."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from launchopt.campaigns import creatives
from launchopt.campaigns.management.files import text_of
from launchopt.campaigns.models import Creative
from launchopt.operations.errors import InvalidInput
from launchopt_core.claims import Draft, Facts, check
from launchopt_core.claims.reading import copy_from
from launchopt_core.errors import ImpossibleInput
from launchopt_ml.copywriting import Brief, Example, PhrasebookWriter
from launchopt_ml.copywriting.voice import Lesson

PLACEHOLDER = re.compile(r"BRAND|<UNK>|\[[A-Z_]+\]")


@dataclass
class Lessons:
    """What may be learned, and what was dropped why."""

    kept: list[Lesson] = field(default_factory=list)
    offered: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    def told(self) -> dict[str, Any]:
        """The share that was dropped, with the reasons, the most frequent first."""
        dropped = self.offered - len(self.kept)
        return {
            "offered": self.offered,
            "kept": len(self.kept),
            "dropped_share": round(dropped / max(self.offered, 1), 4),
            "reasons": dict(self.dropped.most_common(12)),
        }


def lessons_of(file: Path | None) -> Lessons:
    """Approved creatives, and the texts of a file. Raises InvalidInput."""
    lessons = Lessons()
    for brief, draft in (*_approved(), *(_of_file(file) if file else ())):
        lessons.offered += 1
        if reason := _fault(brief, draft):
            lessons.dropped[reason] += 1
        else:
            lessons.kept.append(
                Lesson(brief=brief, example=Example(facts=brief.facts, draft=draft))
            )
    return lessons


def facts_of_tags(content: str) -> Facts:
    """Facts written as 类型#裙*颜色#白色: the type is the title, the rest attributes."""
    attributes: dict[str, list[str]] = defaultdict(list)
    for pair in content.split("*"):
        name, _, value = pair.partition("#")
        attributes[name].append(value)
    title, *_ = attributes.pop("类型", [""])
    return Facts(title=title, attributes=dict(attributes), language="zh-Hans")


def _approved() -> Iterator[tuple[Brief, Draft]]:
    rows = Creative.objects.filter(status=Creative.Status.APPROVED)
    for row in rows.select_related("launch__product__category").order_by("pk"):
        facts = creatives.facts_in(creatives.facts_of(row.launch), language=row.language)
        yield Brief(facts=facts, channel=row.channel), creatives.draft_of(row)


def _of_file(file: Path) -> Iterator[tuple[Brief, Draft]]:
    """Lines of check_copy, or of content (tags) and summary (text)."""
    for number, line in enumerate(text_of(file).splitlines(), start=1):
        if line.strip():
            try:
                yield _example(json.loads(line))
            except (json.JSONDecodeError, ImpossibleInput) as error:
                raise InvalidInput(f"{file}, line {number}: {error}") from error


def _example(line: Any) -> tuple[Brief, Draft]:
    if isinstance(line, Mapping) and {"content", "summary"} <= line.keys():
        brief = Brief(facts=facts_of_tags(str(line["content"])))
        return brief, _whole(brief, {"text": str(line["summary"])})
    copy = copy_from(line)
    brief = Brief(facts=copy.facts, channel=copy.channel or "onsite")
    return brief, _whole(brief, copy.parts)


def _whole(brief: Brief, parts: Mapping[str, str]) -> Draft:
    """A draft with the parts that a text has; those that it lacks are the phrasebook's."""
    ((draft, *_),) = PhrasebookWriter().write([brief], candidates=1, rng=np.random.default_rng(0))
    given = {("body" if part == "text" else part): text for part, text in parts.items()}
    return Draft(**draft.parts() | {k: v for k, v in given.items() if k in draft.parts()})


def _fault(brief: Brief, draft: Draft) -> str:
    """The first thing that a text states without proof, or may not say; '' where there is none."""
    if PLACEHOLDER.search(" ".join(draft.parts().values())):
        return "placeholder"
    found = check(draft.parts(), facts=brief.facts)
    claims = [f"{claim.kind} without proof" for claim in found.unproved]
    return next(iter([*claims, *(refusal.rule for refusal in found.refusals)]), "")
