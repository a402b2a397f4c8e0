"""A kind of reason in, the line that tells it out: by the writer of lists, else as in the book."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.random import Generator

from launchopt.audiences.reason_lines import PHRASEBOOK, Wanted, check_line, save_line
from launchopt.conf import launchopt_settings
from launchopt_core.claims import Checked, Draft, Facts
from launchopt_core.reasons import KINDS, SLOTS, line_of
from launchopt_ml.copywriting import Brief, Example, Writer
from launchopt_ml.copywriting.care import Written, written_with_care
from launchopt_ml.copywriting.themes import CHANNEL

CANDIDATES = 3
SHOWN = ("alike", "fresh", "together")  # kinds whose lines show a writer what is asked for


def write_lines(wanted: Sequence[Wanted], *, writer: Writer) -> list[Written]:
    """The line of each kind in the body of a draft; nothing is kept."""
    briefs = [_brief(*each) for each in wanted]
    if writer.name == PHRASEBOOK:
        return [_by_the_book(brief) for brief in briefs]
    written = written_with_care(
        writer, briefs, candidates=CANDIDATES, check=_checked, rng=_generator(wanted)
    )
    return [
        _by_the_book(brief, reason=result.fallback_reason) if result.fallback_reason else result
        for brief, result in zip(briefs, written, strict=True)
    ]


def keep_lines(
    wanted: Sequence[Wanted], written: Sequence[Written], *, now: datetime
) -> dict[str, int]:
    """Keep the first wording of each kind; what is not proved is not kept."""
    kept = [
        save_line(
            kind=kind,
            language=language,
            text=result.drafts[0].body,
            writer=result.writer,
            fallback_reason=result.fallback_reason,
            now=now,
        )
        for (kind, language), result in zip(wanted, written, strict=True)
    ]
    fallbacks = sum(bool(result.fallback_reason) for result in written)
    return {"lines": len(kept) - kept.count(None), "fallbacks": fallbacks}


def _brief(kind: str, language: str) -> Brief:
    """Nothing of any customer stands in it: what a customer did is a gap in the line."""
    others = [each for each in SHOWN if each != kind]
    return Brief(
        facts=_facts(kind, language),
        channel=CHANNEL,
        tone=launchopt_settings().tone,
        examples=tuple(
            Example(facts=_facts(each, language), draft=_draft(line_of(each, language=language)))
            for each in others
        ),
    )


def _facts(kind: str, language: str) -> Facts:
    line = line_of(kind, language=language)
    kept = ", ".join(slot for slot in SLOTS if slot in line)
    return Facts(
        title="Why a product is recommended, in one sentence (body)",
        description=line,
        attributes={"kept as they are": kept, "kind of reason": kind},
        language=language,
    )


def _draft(text: str) -> Draft:
    return Draft(headline="-", body=text, call_to_action="-", alt_text="-")


def _by_the_book(brief: Brief, *, reason: str = "") -> Written:
    return Written(
        drafts=(_draft(brief.facts.description),), writer=PHRASEBOOK, fallback_reason=reason
    )


def _checked(draft: Draft, brief: Brief) -> Checked:
    kind = str(brief.facts.attributes["kind of reason"])
    return check_line(draft.body, kind=kind, language=brief.facts.language)


def _generator(wanted: Sequence[Wanted]) -> Generator:
    """Seeded by what it writes about, so that writing again gives the same words."""
    kind, language = wanted[0]
    return np.random.default_rng([KINDS.index(kind), len(language)])
