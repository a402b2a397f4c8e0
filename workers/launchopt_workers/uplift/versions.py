"""Models of uplift as ModelVersions."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.db import transaction

from launchopt.operations.models import ModelVersion, Run
from launchopt.operations.services import activate_model
from launchopt_ml.uplift import LaunchUplift
from launchopt_ml.uplift.features import FEATURES
from launchopt_workers.files import copy_files, keep_files
from launchopt_workers.uplift.reading import Window

UPLIFT = "uplift"
LEARNER = "x_learner of trees and regressions, and the regressions' difference"
USE = ["Say how much a contact adds to a customer's chance to buy a new product of this shop."]
LIMITS = [
    "It is learned on this shop's past launches that left customers out by chance, and says "
    "nothing of shops or channels without such.",
    "The effect of a contact is the mean over a customer's contacts; the first brings more.",
    "An imported launch counts as left to chance because the import said so.",
]


def register(
    model: LaunchUplift,
    *,
    windows: Sequence[Window],
    data_until: datetime,
    run: Run | None,
    now: datetime,
) -> ModelVersion:
    """Keep a fitted model and put it in service: it knows the latest launches."""
    card = {k: v for k, v in model.card.items() if k != "metrics"}
    version = ModelVersion(
        name=UPLIFT,
        data_since=min(window.since for window in windows),
        data_until=data_until,
        metrics=model.card["metrics"],
        card={
            "predicts": "what a contact adds to a customer's chance to buy a new product",
            "learner": LEARNER,
            "intended_use": USE,
            "limits": LIMITS,
            "learned_from": keys_of(windows),
            **card,
        },
        run=run,
        created_at=now,
    )
    version.files = _stored(model, version)
    with transaction.atomic():
        version.save(force_insert=True)
        activate_model(version=version, now=now, by="training", note="The latest past launches.")
    return version


def version_for(windows: Sequence[Window], *, as_of: datetime) -> ModelVersion | None:
    """The latest that learned from exactly these launches, as this release learns."""
    wanted = {
        "learned_from": keys_of(windows),
        "learner": LEARNER,
        "features": list(FEATURES),
    }
    versions = ModelVersion.objects.filter(name=UPLIFT, data_until__lte=as_of)
    for version in versions.order_by("-created_at")[:20]:
        if {name: version.card.get(name) for name in wanted} == wanted:
            return version
    return None


@lru_cache(maxsize=4)
def loaded(version_id: str) -> LaunchUplift:
    """The model of a version, read from storage once in a process. Raises ArtifactUnreadable."""
    version = ModelVersion.objects.get(pk=version_id)
    with tempfile.TemporaryDirectory() as folder:
        copy_files(version, Path(folder))
        return LaunchUplift.load(Path(folder))


def keys_of(windows: Sequence[Window]) -> list[str]:
    """A name for each past launch, the same while it is the same launch."""
    return sorted(
        str(window.launch.pk) if window.launch else f"{window.product}@{window.since.isoformat()}"
        for window in windows
    )


def _stored(model: LaunchUplift, version: ModelVersion) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder))
        return keep_files(Path(folder), of=version)
