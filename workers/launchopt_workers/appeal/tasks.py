"""Learn nightly which words are clicked, and order the candidates that wait by it."""

from __future__ import annotations

from functools import partial
from typing import Any

from launchopt import jobs
from launchopt.operations.models import ModelVersion
from launchopt.operations.runs import Work
from launchopt_workers.running import instant_of, job_body


@job_body(jobs.LEARN_APPEAL)
def learn_appeal(
    work: Work, *, as_of: str | None = None, seed: int = 0, **_: Any
) -> dict[str, Any]:
    """Learn, judge on held-out texts, promote where that is better than the mean, rank."""
    import numpy as np

    from launchopt.catalog.embeddings import encoder_name
    from launchopt_ml.copywriting.appeal import Appeal
    from launchopt_ml.copywriting.appeal_judged import FOLDS, TooFewShowings, judge, require_enough
    from launchopt_workers.appeal.ranking import rank_words
    from launchopt_workers.appeal.reading import latest_shown, read_showings
    from launchopt_workers.appeal.versions import register
    from launchopt_workers.prediction.reading import encoder_in_force

    until = instant_of(work, as_of)
    shown = latest_shown(until=until)
    try:
        texts, clicks = len({each.creative for each in shown}), sum(each.clicks for each in shown)
        require_enough(texts=texts, clicks=clicks)
    except TooFewShowings as few:
        return {"learned": False, "reason": str(few), "ranked": rank_words()}
    work.expect(FOLDS)
    work.report(done=0, step="read the words that were shown")
    showings = read_showings(shown, encoder=encoder_in_force())
    verdict = judge(
        showings,
        rng=np.random.default_rng(seed),
        progress=lambda fold: work.report(done=fold, step="foretell texts held out"),
    )
    keep = partial(
        register, Appeal.fit(showings), verdict, encoder=encoder_name(), until=until,
        run=work.run, now=work.clock(),
    )  # fmt: skip
    told = work.once("keep what was learned", lambda: _told(keep()))
    return {"learned": True, **told, "held_out": verdict.as_dict(), "ranked": rank_words()}


def _told(version: ModelVersion) -> dict[str, Any]:
    return {
        "model_version": str(version.pk),
        "decision": version.metrics["promotion"]["sentence"],
    }
