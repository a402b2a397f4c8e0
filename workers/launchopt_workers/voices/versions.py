"""Brand voices as ModelVersions: their files in Django storage, read again by whoever writes."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from launchopt.conf import launchopt_settings
from launchopt.operations.models import ModelVersion
from launchopt.operations.runs import Work
from launchopt.operations.selectors import active_model
from launchopt.operations.services import activate_model
from launchopt_ml.copywriting.voice import train_voice
from launchopt_workers.files import copy_files, keep_files
from launchopt_workers.voices.lessons import Lessons

PREFIX = "voice: "  # of the name of a ModelVersion


def make_voice(
    work: Work, lessons: Lessons, *, name: str, model: str, epochs: int, seed: int
) -> ModelVersion:
    """Learn a voice and keep it; it enters service where unseen texts became likelier."""
    with tempfile.TemporaryDirectory() as folder:
        told = train_voice(
            model,
            lessons.kept,
            Path(folder),
            epochs=epochs,
            seed=seed,
            progress=lambda done, total: _tell(work, done, total),
        )
        version = _kept(Path(folder), name=name, model=model, work=work)
    version.metrics = told | {"copy": lessons.told()}
    version.save(force_insert=True)
    if told["loss_after"] < told["loss_before"]:
        activate_model(version=version, now=work.clock())
    return version


def adapter_of(name: str) -> str:
    """The folder of a voice by name: one of the settings, or the version in service; else ''."""
    if not name:
        return ""
    voices = launchopt_settings().copy_voices
    version = None if name in voices else active_model(PREFIX + name)
    return _folder_of(str(version.pk)) if version else voices.get(name, name)


@lru_cache(maxsize=2)
def _folder_of(pk: str) -> str:
    """A folder of this process with the files that storage holds."""
    folder = tempfile.mkdtemp(prefix="launchopt-voice-")
    copy_files(ModelVersion.objects.get(pk=pk), Path(folder))
    return folder


def _kept(folder: Path, *, name: str, model: str, work: Work) -> ModelVersion:
    card: dict[str, Any] = {
        "kind": "LoRA adapter",
        "of": model,
        "predicts": "nothing: it lends copy the voice of approved texts",
        "intended_use": [f"Named by COPY_VOICE = {name!r}, beside COPY_MODEL = {model!r}."],
        "limits": ["It learns how texts sound, not what is true; the ledger checks that."],
    }
    now = work.clock()
    version = ModelVersion(
        name=PREFIX + name, card=card, data_until=now, run=work.run, created_at=now
    )
    version.files = keep_files(folder, of=version)
    return version


def _tell(work: Work, done: int, total: int) -> None:
    if done == 1:
        work.expect(total)
    work.report(done=done, step="learn the voice")
