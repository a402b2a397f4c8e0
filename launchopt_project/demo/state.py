"""How far a launch was played, kept in files, so that an interrupted demo goes on where it was.

Answers are kept before the shop acts on them: asked again, LaunchOpt might answer otherwise, and
what was told already would be another story.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from launchopt_project.demo.market import Contacts
from launchopt_project.demo.play import Played


def keep_answers(answers: list[dict[str, Any]], *, until: datetime, file: Path) -> None:
    """Keep what was answered for the interval that ends at `until`."""
    _write({"until": until.isoformat(), "answers": answers}, file)


def kept_answers(file: Path, *, until: datetime) -> list[dict[str, Any]] | None:
    """What was answered for that interval; None where it has not been asked."""
    if not file.exists():
        return None
    record = json.loads(file.read_text("utf-8"))
    answers: list[dict[str, Any]] = record["answers"]
    return answers if record["until"] == until.isoformat() else None


def save(played: Played, *, file: Path) -> None:
    """Write it whole or not at all."""
    contacts = played.contacts
    record = {
        "until": played.until.isoformat(),
        "count": contacts.count.tolist(),
        "push": contacts.push.tolist(),
        "has_bought": contacts.has_bought.tolist(),
        "variants": played.variants,
        "pending": played.pending,
        "reasons": played.reasons,
    }
    _write(record, file)


def load(file: Path) -> Played | None:
    """What was saved; None where nothing was."""
    if not file.exists():
        return None
    record = json.loads(file.read_text("utf-8"))
    return Played(
        until=datetime.fromisoformat(record["until"]),
        contacts=Contacts(
            np.array(record["count"], int),
            np.array(record["push"], float),
            np.array(record["has_bought"], bool),
        ),
        variants=tuple(record["variants"]),
        pending=tuple(record["pending"]),
        reasons=record["reasons"],
    )


def _write(record: dict[str, Any], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(record, ensure_ascii=False), "utf-8")
    draft.replace(file)
