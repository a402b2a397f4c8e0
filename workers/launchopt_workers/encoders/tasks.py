"""The jobs of encoders: make a smaller one, tune one, compare them. Each is a run."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from launchopt import jobs
from launchopt.catalog.embeddings import encoder_name
from launchopt.operations.runs import Work
from launchopt_workers.running import instant_of, job_body

if TYPE_CHECKING:
    from launchopt_workers.encoders.comparing import Question


@job_body(jobs.SHRINK_ENCODER)
def shrink_encoder(
    work: Work,
    *,
    kind: str,
    of: str = "",
    options: dict[str, Any] | None = None,
    as_of: str | None = None,
    **_: Any,
) -> dict[str, Any]:
    """Make a smaller encoder and measure it beside its parent."""
    from launchopt_workers.encoders.comparing import compare, entrants
    from launchopt_workers.encoders.making import Recipe, make

    question, parent = _question(instant_of(work, as_of)), of or encoder_name()
    version = make(work, Recipe(kind, parent, question.begins, options or {}))
    report = compare(work, entrants({kind: version}), of=parent, question=question)
    return {"model_version": str(version.pk), "status": version.status} | report


@job_body(jobs.TUNE_ENCODER)
def tune_encoder(
    work: Work,
    *,
    options: dict[str, Any],
    of: str = "",
    as_of: str | None = None,
    **_: Any,
) -> dict[str, Any]:
    """Tune an encoder on what was wanted before the launches that it is then judged by."""
    from launchopt_workers.encoders.comparing import compare, entrants
    from launchopt_workers.encoders.deciding import decide
    from launchopt_workers.encoders.making import Recipe, make

    question, parent = _question(instant_of(work, as_of)), of or encoder_name()
    version = make(work, Recipe("tuned", parent, question.begins, options))
    report = compare(work, entrants({"tuned": version}), of=parent, question=question)
    told = decide(work, version, quality=report["encoders"]["tuned"]["quality"])
    return {
        "model_version": str(version.pk),
        "status": version.status,
        "decision": told,
    } | report


@job_body(jobs.COMPARE_ENCODERS)
def compare_encoders(
    work: Work,
    *,
    variants: list[str],
    question: dict[str, Any] | None = None,
    as_of: str | None = None,
    **_: Any,
) -> dict[str, Any]:
    """Every variant beside the encoder in force; those that were never made are made now."""
    from launchopt_workers.encoders.choosing import chosen
    from launchopt_workers.encoders.comparing import compare

    asked = _question(instant_of(work, as_of), **(question or {}))
    parent = encoder_name()
    others = chosen(work, variants, of=parent, begins=asked.begins)
    return {"question": _plain(asked)} | compare(work, others, of=parent, question=asked)


def _question(as_of: datetime, **given: Any) -> Question:
    from launchopt_workers.encoders.comparing import Question

    return Question(as_of, **given)


def _plain(question: Question) -> dict[str, Any]:
    return asdict(question) | {"as_of": question.as_of.isoformat()}
