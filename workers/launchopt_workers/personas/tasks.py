"""Build personas: read the shop and what customers declared, portray, write set-based."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import polars as pl

from launchopt import jobs
from launchopt.audiences.personas import save_personas
from launchopt.operations.runs import Work
from launchopt_workers.running import instant_of, job_body

if TYPE_CHECKING:
    from launchopt_ml.personas import Portrait

STEP = 5_000  # personas written at once


@job_body(jobs.BUILD_PERSONAS)
def build_personas(work: Work, *, as_of: str | None = None, **_: Any) -> dict[str, Any]:
    """A persona for every customer known before an instant."""
    from launchopt_workers.personas.portraying import portray

    instant = instant_of(work, as_of)
    work.report(step="read the shop")
    ids, made = portray(as_of=instant)
    work.expect(len(ids))
    written, done = 0, 0
    while block := list(islice(made, STEP)):
        some = ids[done : done + len(block)]
        saving = partial(_save, some, block, as_of=instant, now=work.clock())
        written += work.once(f"write personas of customers {some[0]} to {some[-1]}", saving)[
            "written"
        ]
        done += len(block)
        work.report(done=done, step="portray customers")
    return {"customers": len(ids), "written": written}


def _save(
    ids: list[int], block: list[Portrait], *, as_of: datetime, now: datetime
) -> dict[str, Any]:
    rows = pl.DataFrame(list(_rows(ids, block)))
    return {"written": save_personas(rows, as_of=as_of, now=now)}


def _rows(ids: list[int], block: list[Portrait]) -> Iterator[dict[str, Any]]:
    for customer_id, portrait in zip(ids, block, strict=True):
        fields = vars(portrait) | {
            "customer_id": customer_id,
            "interests": json.dumps(portrait.interests, ensure_ascii=False),
            "active_hours": json.dumps(portrait.active_hours),
        }
        del fields["customer"]
        yield fields
