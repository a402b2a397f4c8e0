"""Interest models as ModelVersions: files in Django storage, loaded again by whoever scores."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from django.db import transaction

from launchopt.operations.models import ModelVersion, Run
from launchopt.operations.selectors import active_model
from launchopt.operations.services import activate_model
from launchopt_ml.artifacts import ArtifactUnreadable
from launchopt_ml.interest.features import NAMES
from launchopt_ml.interest.learners import Learner, learner_named
from launchopt_ml.interest.model import LaunchInterest
from launchopt_ml.interest.parameters import Parameters
from launchopt_ml.interest.text_pair import TextPairInterest
from launchopt_workers.files import copy_files, keep_files
from launchopt_workers.prediction.cards import card_of

INTEREST = "interest"


def register(
    model: Learner, *, data_until: datetime, run: Run | None, now: datetime
) -> ModelVersion:
    """Keep a fitted model as a candidate; where none is in service, it enters service."""
    version = ModelVersion(
        name=INTEREST,
        data_since=_instant(model.card["known_since"]),
        data_until=data_until,
        card=card_of(model.card, learner=model.name),
        run=run,
        created_at=now,
    )
    version.files = _stored(model, version=version)
    with transaction.atomic():
        version.save(force_insert=True)
        if active_model(INTEREST) is None:
            activate_model(version=version, now=now)
    return version


def keep_backtest(version: ModelVersion, *, metrics: dict[str, Any], now: datetime) -> None:
    """Keep how well it would have done, and put it in service where that was decided."""
    version.metrics = metrics
    version.card |= level_interval_of(metrics)
    version.save(update_fields=["metrics", "card"])
    promotion = metrics["promotion"]
    if promotion["promoted"]:
        activate_model(version=version, now=now, by="training", note=promotion["sentence"])


def level_interval_of(metrics: Mapping[str, Any]) -> dict[str, list[float]]:
    """How many times the predicted buyers bought in four of five seasons, as far as they tell."""
    latest = next(iter(metrics.get("cutoffs", [])), {})
    predicted = latest.get("predicted_buyers")
    if not predicted or "predicted_interval" not in latest:
        return {}
    return {"level_interval": [round(e / predicted, 3) for e in latest["predicted_interval"]]}


def can_backtest(card: Mapping[str, Any]) -> bool:
    """Whether a version scores so fast that every pair of its past launches can be scored."""
    return card.get("learner") != TextPairInterest.name


def way_of(card: Mapping[str, Any]) -> Callable[[], LaunchInterest] | None:
    """The way of learning that a card tells of; None where this release no longer has it."""
    parameters = parameters_of(card)
    if parameters is None or card.get("features") != list(NAMES):
        return None
    return partial(LaunchInterest, parameters)


def parameters_of(card: Mapping[str, Any]) -> Parameters | None:
    """With which it was learned; None where this release knows other ones."""
    try:
        return Parameters(**card.get("parameters", {}))
    except TypeError:
        return None


def version_for(as_of: datetime) -> ModelVersion | None:
    """The version that knows nothing from `as_of` on: the active one, else the latest such.

    What another release made, and this one cannot run, is passed over.
    """
    fitting = ModelVersion.objects.filter(name=INTEREST, data_until__lte=as_of).exclude(files={})
    active = fitting.filter(status=ModelVersion.Status.ACTIVE)
    latest = fitting.order_by("-data_until", "-created_at")
    return next((one for one in (*active, *latest[:50]) if can_run(one.card)), None)


def can_run(card: Mapping[str, Any]) -> bool:
    """Whether this release still has what a version was made with."""
    learner = card.get("learner", LaunchInterest.name)
    return learner != LaunchInterest.name or way_of(card) is not None


@lru_cache(maxsize=4)
def loaded(version_id: str) -> Learner:
    """The model of a version, read from storage once in a process. Raises ArtifactUnreadable."""
    version = ModelVersion.objects.get(pk=version_id)
    try:
        return _loaded(version)
    except (KeyError, TypeError, RuntimeError) as other:
        raise ArtifactUnreadable(
            f"Model version {version_id} was made by another release: {other}"
        ) from other


def _loaded(version: ModelVersion) -> Learner:
    learner = learner_named(version.card.get("learner", LaunchInterest.name))
    with tempfile.TemporaryDirectory() as folder:
        copy_files(version, Path(folder))
        return learner.load(Path(folder))


def _stored(model: Learner, *, version: ModelVersion) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder))
        return keep_files(Path(folder), of=version)


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
