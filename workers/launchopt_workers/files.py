"""The files of a model version: kept in Django's storage, and put into a folder to be read."""

from __future__ import annotations

from pathlib import Path

from django.core.files import File
from django.core.files.storage import default_storage

from launchopt.operations.models import ModelVersion

FOLDER = "launchopt/models"


def keep_files(folder: Path, *, of: ModelVersion) -> dict[str, str]:
    """Store the files of a folder for a version; file name -> path in storage."""
    kept = {}
    for file in sorted(each for each in folder.iterdir() if each.is_file()):
        with file.open("rb") as content:
            path = f"{FOLDER}/{of.pk}/{file.name}"
            kept[file.name] = default_storage.save(path, File(content))
    return kept


def copy_files(version: ModelVersion, folder: Path) -> None:
    """Put a version's files into a folder. Raises FileNotFoundError where storage lacks one."""
    for file, path in version.files.items():
        with default_storage.open(path) as stored:
            (folder / file).write_bytes(stored.read())
