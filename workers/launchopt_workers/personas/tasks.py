"""Build personas: read the shop and what customers declared, find segments, write set-based."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import polars as pl

from launchopt import jobs
from launchopt.audiences.personas import save_personas, save_segments
from launchopt.operations.runs import Work
from launchopt_workers.running import instant_of, job_body

if TYPE_CHECKING:
    from launchopt_ml.personas import Gallery, Portrait

STEP = 5_000  # personas written at once


@job_body(jobs.BUILD_PERSONAS)
def build_personas(work: Work, *, as_of: str | None = None, **_: Any) -> dict[str, Any]:
    """A persona for every customer known before an instant, and the segments they share."""
    from launchopt_workers.personas.portraying import portray

    instant = instant_of(work, as_of)
    work.report(step="read the shop and find segments")
    ids, made, space = portray(as_of=instant)
    keep = partial(_save_segments, made, ids, space=space, as_of=instant, now=work.clock())
    kept = work.once("keep segments", keep)["segments"]
    segments = [one.known_as or kept[place] for place, one in enumerate(made.segments)]
    work.expect(len(ids))
    written, done = 0, 0
    while block := list(islice(made.portraits, STEP)):
        some = ids[done : done + len(block)]
        saving = partial(_save, some, block, segments, as_of=instant, now=work.clock())
        written += work.once(f"write personas of customers {some[0]} to {some[-1]}", saving)[
            "written"
        ]
        done += len(block)
        work.report(done=done, step="portray customers")
    return {"customers": len(ids), "written": written, "segments": len(segments)}


def _save_segments(
    made: Gallery, ids: list[int], *, space: str, as_of: datetime, now: datetime
) -> dict[str, Any]:
    rows = [vars(one) | {"examples": [ids[n] for n in one.examples]} for one in made.segments]
    kept = save_segments(rows, space=space, as_of=as_of, now=now)
    return {"segments": [str(pk) if pk else None for pk in kept]}


def _save(
    ids: list[int],
    block: list[Portrait],
    segments: list[str | None],
    *,
    as_of: datetime,
    now: datetime,
) -> dict[str, Any]:
    rows = pl.DataFrame(list(_rows(ids, block, segments)), infer_schema_length=None)
    return {"written": save_personas(rows, as_of=as_of, now=now)}


def _rows(
    ids: list[int], block: list[Portrait], segments: list[str | None]
) -> Iterator[dict[str, Any]]:
    for customer_id, portrait in zip(ids, block, strict=True):
        fields = vars(portrait) | {
            "customer_id": customer_id,
            "interests": json.dumps(portrait.interests, ensure_ascii=False),
            "active_hours": json.dumps(portrait.active_hours),
            "segment_id": segments[portrait.segment] if portrait.segment >= 0 else None,
        }
        del fields["customer"], fields["segment"]
        yield fields
