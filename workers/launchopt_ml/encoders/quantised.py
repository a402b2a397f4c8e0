"""An encoder in int8: a quarter of the size, and about twice as quick on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from launchopt_ml.encoder import INT8_FILE
from launchopt_ml.encoders.files import bert_of, copy_beside
from launchopt_ml.encoders.parts import in_int8

LEFT_OUT = "pooler."  # sentence vectors do not pass through it


def write_int8(source: Path, target: Path) -> dict[str, Any]:
    """The encoder of one folder in int8 into another; gives what belongs on its card."""
    from safetensors.torch import save_file

    state = {k: v for k, v in bert_of(source).state_dict().items() if not k.startswith(LEFT_OUT)}
    copy_beside(source, target)
    tensors: dict[str, Tensor] = {}
    for name, value in state.items():
        tensors |= _in_int8(name, value) if _is_product(name, value) else {name: value}
    save_file({k: v.contiguous() for k, v in tensors.items()}, target / INT8_FILE)
    return {"bits": 8, "scales": "a row of weights, a token of states"}


def _is_product(name: str, value: Tensor) -> bool:
    """The matrices that products are made of, and the one that words are looked up in."""
    lookup = name == "embeddings.word_embeddings.weight"
    return lookup or (name.startswith("encoder.") and value.dim() == 2)


def _in_int8(name: str, matrix: Tensor) -> dict[str, Tensor]:
    whole, scale = in_int8(matrix)
    return {name: whole, name.removesuffix("weight") + "scale": scale}
