"""How far a launch was played, kept in a file, so that an interrupted demo goes on where it was."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import numpy as np

from launchopt_project.demo.market import Contacts
from launchopt_project.demo.play import Played


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
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(record, ensure_ascii=False), "utf-8")
    draft.replace(file)


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
