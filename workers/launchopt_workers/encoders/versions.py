"""Encoders as ModelVersions: files in Django storage, read again by whoever reads texts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from launchopt.catalog.embeddings import ENCODER, PREFIX
from launchopt.conf import launchopt_settings
from launchopt.operations.errors import Conflict, NotFound
from launchopt.operations.models import ModelVersion, Run
from launchopt.operations.selectors import active_model
from launchopt.operations.services import activate_model
from launchopt_ml.encoder import (
    MINILM,
    EncoderUnavailable,
    SentenceEncoder,
    encoder_from,
    packaged_minilm,
)
from launchopt_workers.files import copy_files, keep_files

WHOLE = "whole"  # the kind of the encoder that the setting names
KINDS = ("int8", "pruned", "student", "tuned")


def register(
    folder: Path, *, card: dict[str, Any], data_until: datetime, run: Run | None, now: datetime
) -> ModelVersion:
    """Keep the encoder in a folder as a candidate."""
    version = ModelVersion(name=ENCODER, card=card, data_until=data_until, run=run, created_at=now)
    version.files = keep_files(folder, of=version)
    with transaction.atomic():
        keep_whole(now=now)
        version.save(force_insert=True)
    return version


def keep_whole(*, now: datetime) -> None:
    """Let the encoder of the setting be a version, too, so that a person can go back to it."""
    if ModelVersion.objects.filter(name=ENCODER, card__kind=WHOLE).exists():
        return
    whole = ModelVersion.objects.create(
        name=ENCODER,
        card={
            "kind": WHOLE,
            "predicts": "nothing: it turns the text of a product into a vector",
            "intended_use": ["It is the encoder that the setting ENCODER names."],
        },
        created_at=now,
    )
    if active_model(ENCODER) is None:
        activate_model(version=whole, now=now)


def name_of(version: ModelVersion) -> str:
    """How embeddings name what this version has read."""
    return f"{PREFIX}{version.pk}" if version.files else launchopt_settings().encoder


def version_named(pk: str) -> ModelVersion:
    """A version by its id. Raises NotFound."""
    try:
        return ModelVersion.objects.get(pk=pk.removeprefix(PREFIX), name=ENCODER)
    except (ModelVersion.DoesNotExist, ValidationError) as unknown:
        raise NotFound(f"There is no encoder {pk!r} among the model versions.") from unknown


@contextmanager
def files_of(name: str) -> Iterator[Path]:
    """The folder of an encoder: one of the machine, or what storage holds, for as long as asked.

    Raises Conflict where the files are not there.
    """
    try:
        if not name.startswith(PREFIX):
            yield packaged_minilm() if name == MINILM else Path(name)
            return
        with tempfile.TemporaryDirectory() as folder:
            copy_files(version_named(name), Path(folder))
            yield Path(folder)
    except (EncoderUnavailable, FileNotFoundError) as absent:
        raise Conflict(f"The text encoder cannot be used: {absent}") from absent


@lru_cache(maxsize=2)
def encoder_called(name: str) -> SentenceEncoder:
    """The encoder of a name, loaded once in a process. Raises Conflict."""
    with files_of(name) as folder:
        return encoder_from(folder, name=name)
