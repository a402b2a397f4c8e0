"""Brand voices as ModelVersions: their files in Django storage, read again by whoever writes."""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import transaction

from launchopt.conf import launchopt_settings
from launchopt.operations.models import ModelVersion
from launchopt.operations.runs import Work
from launchopt.operations.selectors import active_model, is_held
from launchopt.operations.services import activate_model
from launchopt_ml.copywriting.voice import train_voice
from launchopt_ml.copywriting.voice_judged import Verdict
from launchopt_workers.files import copy_files, keep_files
from launchopt_workers.voices.lessons import Lessons

PREFIX = "voice: "  # of the name of a ModelVersion


def make_voice(
    work: Work, lessons: Lessons, *, name: str, model: str, method: str, **options: Any
) -> ModelVersion:
    """Learn a voice and keep it; it enters service where it is shown to be better than none."""
    with tempfile.TemporaryDirectory() as folder:
        learned = train_voice(
            model,
            lessons.kept,
            Path(folder),
            method=method,
            progress=lambda done, total, step: _tell(work, done, total, step),
            **options,
        )
        version = _kept(Path(folder), name=name, model=model, method=method, work=work)
    promoted, sentence = _promotion(learned.verdict, name=version.name)
    version.metrics = learned.as_dict() | {
        "copy": lessons.told(),
        "promotion": {"promoted": promoted, "sentence": sentence},
    }
    with transaction.atomic():
        version.save(force_insert=True)
        if promoted:
            activate_model(version=version, now=work.clock(), by="learning", note=sentence)
    return version


def _promotion(verdict: Verdict, *, name: str) -> tuple[bool, str]:
    serving = active_model(name)
    if verdict.is_better and serving is not None and is_held(serving):
        return False, f"{verdict.sentence()} But a person went back to the voice in service."
    return verdict.is_better, verdict.sentence()


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


def _kept(folder: Path, *, name: str, model: str, method: str, work: Work) -> ModelVersion:
    card: dict[str, Any] = {
        "kind": {"lora": "LoRA adapter", "prefix": "tuned prefix"}[method],
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


def _tell(work: Work, done: int, total: int, step: str) -> None:
    if work.run and work.run.total != total:
        work.expect(total)
    work.report(done=done, step=step)
