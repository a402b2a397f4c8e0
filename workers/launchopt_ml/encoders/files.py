"""The files of an encoder: a folder that transformers reads, or, in int8, one that we read."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from launchopt_ml.encoder import INT8_FILE, PREFIX_FILE, EncoderUnavailable

BESIDE = ("config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt", PREFIX_FILE)
WEIGHTS = ("model.safetensors", INT8_FILE, PREFIX_FILE)


FEWEST_TEXTS = 20  # that an encoder is made smaller on


class UnfitEncoder(ValueError):
    """What is asked cannot be done to this encoder."""


def copy_beside(source: Path, target: Path) -> None:
    """Everything but the weights themselves."""
    target.mkdir(parents=True, exist_ok=True)
    for name in BESIDE:
        if (source / name).exists():
            shutil.copyfile(source / name, target / name)


def write_model(model: Any, target: Path, *, like: Path) -> None:
    """A transformers model, with the tokenizer and the rest of the encoder that it came from."""
    copy_beside(like, target)
    model.save_pretrained(target)


def megabytes_of(folder: Path) -> float:
    """The size of the weights."""
    sizes = [(folder / name).stat().st_size for name in WEIGHTS if (folder / name).exists()]
    if not sizes:
        raise EncoderUnavailable(f"{folder} holds no weights in safetensors.")
    return sum(sizes) / 1e6


def bert_of(folder: Path) -> Any:
    """The transformers model of a BERT in floats. Raises UnfitEncoder for what is none."""
    from transformers import AutoConfig

    from launchopt_ml.encoder import model_of
    from launchopt_ml.packed_bert import PackedBert

    settings = AutoConfig.from_pretrained(folder, local_files_only=True)
    if not PackedBert.fits(settings):
        raise UnfitEncoder(f"This can be done to a BERT only, not to a {settings.model_type}.")
    if (folder / INT8_FILE).exists():
        raise UnfitEncoder("This encoder is in int8 already: begin with the one it was made from.")
    return model_of(folder)


def enough(texts: Sequence[str]) -> list[str]:
    """The distinct texts, in order. Raises UnfitEncoder where they are too few to go by."""
    distinct = sorted(set(texts) - {""})
    if len(distinct) < FEWEST_TEXTS:
        raise UnfitEncoder(
            f"{len(distinct)} texts of products on sale then are too few to go by;"
            f" {FEWEST_TEXTS} are needed."
        )
    return distinct
