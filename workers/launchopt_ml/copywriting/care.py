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
    outcomes: Sequence[tuple[Draft, ...] | WriterFailed]
    try:
        outcomes = writer.write(briefs, candidates=candidates, rng=rng)
    except WriterFailed as failure:
        outcomes = [failure] * len(briefs)
    pairs = list(zip(briefs, outcomes, strict=True))
    if writer.name == PhrasebookWriter.name:
        return [_least_faulty(b, out, check=check) for b, out in pairs if isinstance(out, tuple)]
    return [
        _passed(writer, brief, outcome, check=check)
        or _fallen_back(
            brief,
            _why_not(writer, brief, outcome, check=check),
            candidates=candidates,
            check=check,
            rng=rng,
        )
        for brief, outcome in pairs
    ]


def _passed(
    writer: Writer, brief: Brief, outcome: tuple[Draft, ...] | WriterFailed, *, check: Check
) -> Written | None:
    drafts = () if isinstance(outcome, WriterFailed) else outcome
    good = tuple(draft for draft in drafts if check(draft, brief).is_accepted)
    return Written(drafts=good, writer=writer.name) if good else None


def _why_not(
    writer: Writer, brief: Brief, drafts: tuple[Draft, ...] | WriterFailed, *, check: Check
) -> str:
    if isinstance(drafts, WriterFailed):
        return f"{writer.name}: {drafts}"
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
