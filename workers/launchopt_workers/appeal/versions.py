"""The learned appeal of words as ModelVersions: registered, promoted where proved, read again."""

from __future__ import annotations

import tempfile
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import transaction

from launchopt.operations.models import ModelVersion, Run
from launchopt.operations.selectors import active_model, is_held
from launchopt.operations.services import activate_model
from launchopt_ml.copywriting.appeal import Appeal
from launchopt_ml.copywriting.appeal_judged import Verdict
from launchopt_workers.files import copy_files, keep_files

APPEAL = "appeal"
INTENDED_USE = ["Order new candidates for who reviews them: which words let expect more clicks."]
LIMITS = [
    "It knows only what customers of this shop were shown; other words stay near the mean.",
    "A click is no purchase: variants are still judged by purchases, in their experiment.",
    "It approves nothing and shows nothing: a person does, and the bandit explores.",
]


def register(
    appeal: Appeal,
    verdict: Verdict,
    *,
    encoder: str,
    until: datetime,
    run: Run | None,
    now: datetime,
) -> ModelVersion:
    """Keep it as a candidate; it enters service where it beat the mean on held-out texts."""
    version = ModelVersion(
        name=APPEAL, card=_card(appeal, encoder), data_until=until, run=run, created_at=now
    )
    promoted, sentence = _promotion(verdict)
    version.metrics = {
        "held_out": verdict.as_dict(),
        "promotion": {"promoted": promoted, "sentence": sentence},
    }
    with tempfile.TemporaryDirectory() as folder:
        appeal.save(Path(folder), encoder=encoder)
        version.files = keep_files(Path(folder), of=version)
    with transaction.atomic():
        version.save(force_insert=True)
        if promoted:
            activate_model(version=version, now=now, by="learning", note=sentence)
    return version


def appeal_in_service() -> tuple[Appeal, str] | None:
    """The model, and the encoder whose vectors it reads; None where none is in service."""
    version = active_model(APPEAL)
    return _appeal_of(str(version.pk)) if version else None


@lru_cache(maxsize=1)
def _appeal_of(pk: str) -> tuple[Appeal, str]:
    with tempfile.TemporaryDirectory() as folder:
        copy_files(ModelVersion.objects.get(pk=pk), Path(folder))
        return Appeal.load(Path(folder))


def _promotion(verdict: Verdict) -> tuple[bool, str]:
    low, high = verdict.interval
    told = (
        f"On {verdict.texts} held-out texts the log loss of an exposure changed by "
        f"{verdict.difference:+.5f} [{low:+.5f}, {high:+.5f}] against the mean of each launch"
    )
    if not verdict.beats_the_mean:
        return False, f"{told}: not clearly better, so it ranks nothing."
    serving = active_model(APPEAL)
    if serving is not None and is_held(serving):
        return False, f"{told}, but a person went back to the version in service."
    return True, f"{told}."


def _card(appeal: Appeal, encoder: str) -> dict[str, Any]:
    return {
        "predicts": "clicks per exposure of words before a persona, in a channel of a launch",
        "features": ["vector of the words", "vector of the persona's terms, times that"],
        "encoder": encoder,
        "intended_use": INTENDED_USE,
        "limits": LIMITS,
        "parameters": {
            "prior_variance": appeal.scale,
            "prior_variance_of_words_themselves": appeal.own,
            "rows": len(appeal.showings),
        },
    }
