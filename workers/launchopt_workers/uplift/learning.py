"""Learn uplift from the past launches that chance left customers out of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from launchopt.operations.models import ModelVersion
from launchopt.operations.runs import Work
from launchopt_ml.uplift import LaunchUplift, TooSmallTrial
from launchopt_ml.uplift.features import FEATURES
from launchopt_workers.prediction.reading import encoder_name
from launchopt_workers.prediction.shops import StoredShop, stored_shop
from launchopt_workers.uplift.describing import past_launch
from launchopt_workers.uplift.reading import Window, observed, past_windows
from launchopt_workers.uplift.versions import register, version_for

SEED = 0
NONE = "No past launch left customers out by chance, so nobody knows yet what a contact adds."
UP_TO_DATE = "Every past launch is learned from already."


def train(work: Work, *, as_of: datetime) -> dict[str, Any]:
    """Register a version of all past launches, unless one knows them, or say why not."""
    windows = past_windows(before=as_of)
    if not windows:
        return {"learned": False, "reason": NONE}
    if known := version_for(windows, as_of=as_of):
        return {"learned": False, "reason": UP_TO_DATE, **_told(known)}
    stored = stored_shop(before=as_of, encoder=encoder_name())
    try:
        return {"learned": True, **_told(learn(work, stored, windows, as_of=as_of))}
    except TooSmallTrial as few:
        return {"learned": False, "reason": str(few)}


def _told(version: ModelVersion) -> dict[str, Any]:
    card = version.card
    return {
        "model_version": str(version.pk),
        "launches": len(card["launches"]),
        "level": card["level"],
        "slope": card["slope"],
        "metrics": version.metrics,
    }


def learn(
    work: Work, stored: StoredShop, windows: Sequence[Window], *, as_of: datetime
) -> ModelVersion:
    """Fit and keep a model of these launches. Raises TooSmallTrial."""
    past = []
    work.expect(len(windows) + 1)
    for done, window in enumerate(windows):
        work.report(done=done, step="read a past launch")
        seen = observed(window)
        if seen.says_anything:
            past.append(past_launch(stored, seen))
    past = [one for one in past if one.treated.any() and not one.treated.all()]
    if not past:
        raise TooSmallTrial(NONE)
    work.report(done=len(windows), step="learn what a contact adds")
    model = LaunchUplift.fit(
        past,
        features=FEATURES,
        seed=SEED,
        progress=lambda words: work.report(message=words),
    )
    return register(model, windows=windows, data_until=as_of, run=work.run, now=work.clock())
