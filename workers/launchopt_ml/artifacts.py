"""What was learned, as files: tensors in safetensors, the rest in JSON. Never pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

TENSORS = "tensors.safetensors"
CARD = "card.json"


class ArtifactUnreadable(ValueError):
    """The files of a model are missing, broken or of another kind."""


def save_artifact(
    folder: Path, *, kind: str, tensors: Mapping[str, NDArray[Any]], card: Mapping[str, Any]
) -> None:
    """Write both files into `folder`, which is made if it must be."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    save_file(whole, folder / TENSORS)
    text = json.dumps({"kind": kind, **card}, indent=2, sort_keys=True, allow_nan=False)
    (folder / CARD).write_text(text + "\n", encoding="utf-8")


def load_artifact(folder: Path, *, kind: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The tensors and the card. Raises ArtifactUnreadable."""
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        tensors = load_file(folder / TENSORS)
    except (OSError, ValueError, SafetensorError) as broken:
        raise ArtifactUnreadable(f"{folder} holds no readable model: {broken}") from broken
    if card.get("kind") != kind:
        raise ArtifactUnreadable(f"{folder} holds {card.get('kind')!r}, not {kind!r}.")
    return tensors, card
