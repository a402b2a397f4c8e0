"""A writer watched over: what is rejected, or fails, is written by the phrasebook instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from numpy.random import Generator

from launchopt_core.claims import Checked, Draft
from launchopt_ml.copywriting.phrasebook import PhrasebookWriter
from launchopt_ml.copywriting.writer import Brief, Writer, WriterFailed

Check = Callable[[Draft, Brief], Checked]
LONGEST_REASON = 300


@dataclass(frozen=True, kw_only=True)
class Written:
    """The drafts of one brief, who wrote them, and why it was not the writer that was asked."""

    drafts: tuple[Draft, ...]
    writer: str
    fallback_reason: str = ""


def written_with_care(
    writer: Writer, briefs: Sequence[Brief], *, candidates: int, check: Check, rng: Generator
) -> list[Written]:
    """For each brief the writer's drafts that pass the check, else the phrasebook's.

    The phrasebook's own drafts come with the fewest faults first: a person sees what is left.
    """
    if writer.name == PhrasebookWriter.name:
        drafts = writer.write(briefs, candidates=candidates, rng=rng)
        return [_least_faulty(*pair, check=check) for pair in zip(briefs, drafts, strict=True)]
    try:
        drafts = writer.write(briefs, candidates=candidates, rng=rng)
        reason = ""
    except WriterFailed as failure:
        drafts, reason = [()] * len(briefs), f"{writer.name}: {failure}"
    return [
        _passed(writer, brief, of_brief, check=check)
        or _fallen_back(
            brief,
            reason or _why_rejected(writer, brief, of_brief, check=check),
            candidates=candidates,
            check=check,
            rng=rng,
        )
        for brief, of_brief in zip(briefs, drafts, strict=True)
    ]


def _passed(
    writer: Writer, brief: Brief, drafts: tuple[Draft, ...], *, check: Check
) -> Written | None:
    good = tuple(draft for draft in drafts if check(draft, brief).is_accepted)
    return Written(drafts=good, writer=writer.name) if good else None


def _why_rejected(writer: Writer, brief: Brief, drafts: tuple[Draft, ...], *, check: Check) -> str:
    if not drafts:
        return f"{writer.name}: nothing that it wrote could be read"
    return f"{writer.name}: rejected, {'; '.join(check(drafts[0], brief).faults())}"


def _fallen_back(
    brief: Brief, reason: str, *, candidates: int, check: Check, rng: Generator
) -> Written:
    (drafts,) = PhrasebookWriter().write([brief], candidates=candidates, rng=rng)
    written = _least_faulty(brief, drafts, check=check)
    return Written(
        drafts=written.drafts, writer=written.writer, fallback_reason=reason[:LONGEST_REASON]
    )


def _least_faulty(brief: Brief, drafts: tuple[Draft, ...], *, check: Check) -> Written:
    ordered = sorted(drafts, key=lambda draft: len(check(draft, brief).faults()))
    return Written(drafts=tuple(ordered), writer=PhrasebookWriter.name)
