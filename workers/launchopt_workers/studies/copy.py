"""A file of products and personas in, checked candidates of copy out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from launchopt.campaigns import creatives
from launchopt.campaigns.management.files import text_of
from launchopt.conf import launchopt_settings
from launchopt.operations.errors import InvalidInput
from launchopt_core.claims import Checked, Draft
from launchopt_core.claims.briefing import Asked, asked_from
from launchopt_core.errors import ImpossibleInput
from launchopt_ml.copywriting import Brief, Persona, Writer
from launchopt_ml.copywriting.care import Written, written_with_care

AT_ONCE = 64  # lines given to a writer together


@dataclass(frozen=True)
class Order:
    """How a file is written."""

    writer: Writer
    channel: str
    candidates: int
    seed: int


def read_briefs(file: Path) -> list[Asked]:
    """The lines of a file. Raises InvalidInput, in one line, for what is none."""
    return list(_asked(file))


def write_briefs(
    lines: list[Asked], order: Order, *, progress: Callable[[str], None] = lambda words: None
) -> list[tuple[Asked, Written]]:
    """Each line with its drafts; the writer is given some lines at a time."""
    written: list[tuple[Asked, Written]] = []
    for start in range(0, len(lines), AT_ONCE):
        some = lines[start : start + AT_ONCE]
        results = written_with_care(
            order.writer,
            [_brief(line, order.channel) for line in some],
            candidates=order.candidates,
            check=_checked,
            rng=np.random.default_rng([order.seed, start]),
        )
        written += zip(some, results, strict=True)
        progress(f"{len(written):,} of {len(lines):,} products")
    return written


def line_of(asked: Asked, written: Written, *, channel: str) -> dict[str, Any]:
    """A line of the result."""
    return {
        "id": asked.id,
        "candidates": [_candidate(draft, asked, channel) for draft in written.drafts],
    }


def fallbacks_of(written: list[tuple[Asked, Written]]) -> dict[str, int]:
    """How often the phrasebook stood in, by reason."""
    return dict(Counter(w.fallback_reason for _, w in written if w.fallback_reason).most_common())


def _asked(file: Path) -> Iterator[Asked]:
    for number, line in enumerate(text_of(file).splitlines(), start=1):
        if line.strip():
            try:
                yield asked_from(json.loads(line))
            except json.JSONDecodeError as error:
                raise InvalidInput(f"{file}, line {number}: no JSON ({error.msg}).") from error
            except ImpossibleInput as error:
                raise InvalidInput(f"{file}, line {number}: {error}") from error


def _brief(asked: Asked, channel: str) -> Brief:
    persona = Persona(**asked.persona) if asked.persona else None
    tone = launchopt_settings().tone
    return Brief(facts=asked.facts, persona=persona, channel=channel, tone=tone)


def _checked(draft: Draft, brief: Brief) -> Checked:
    """The check that all creatives pass; what is believed of the persona may not be told."""
    persona = brief.persona or Persona()
    return creatives.check_words(
        draft,
        facts=brief.facts,
        channel=brief.channel,
        gender=persona.gender,
        age_band=persona.age_band,
    )


def _candidate(draft: Draft, asked: Asked, channel: str) -> dict[str, Any]:
    found = creatives.check_words(draft, facts=asked.facts, channel=channel)
    return {**draft.parts(), "claims": [claim.as_dict() for claim in found.claims]}
