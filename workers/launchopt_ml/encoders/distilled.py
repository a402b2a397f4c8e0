"""A small student that says of a text what the whole encoder says (Hinton and others, 2015).

It has some of its teacher's layers and all of its words, and learns on texts of the shop and on
mixtures of their words to point where the teacher points, and to see the same likenesses.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor
from torch.nn import functional as F

from launchopt_ml.encoder import encoder_from, padded_means, tokenizer_of
from launchopt_ml.encoders.batches import Optimiser, Progress, padded
from launchopt_ml.encoders.files import UnfitEncoder, bert_of, enough, write_model

BATCH = 32
RATE = 5e-4
MOST_POOL = 6000  # texts that the teacher is asked about
HELD_OUT = 0.1
MOST_HELD_OUT = 300


def write_student(
    source: Path,
    target: Path,
    *,
    texts: Sequence[str],
    layers: int = 2,
    steps: int = 800,
    seed: int = 0,
    progress: Progress = lambda done, total: None,
) -> dict[str, Any]:
    """Teach a student of so many layers; gives what belongs on its card."""
    distinct = enough(texts)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(distinct))
    held_out = [distinct[n] for n in order[: min(int(HELD_OUT * len(order)), MOST_HELD_OUT)]]
    taught = [distinct[n] for n in order[len(held_out) :]]
    pool = taught + mixtures(taught, count=min(steps * BATCH, MOST_POOL) - len(taught), rng=rng)
    student, tokenizer = _student(source, layers=layers), tokenizer_of(source)
    teacher = encoder_from(source, name="teacher", device="cpu")
    lesson = _Lesson(pool, torch.from_numpy(teacher.encode(pool)))
    _teach(student, tokenizer, lesson, steps=steps, rng=rng, progress=progress)
    write_model(student, target, like=source)
    found = encoder_from(target, name="student", device="cpu").encode(held_out)
    cosine = (found * teacher.encode(held_out)).sum(1)
    return {
        "layers": layers,
        "steps": steps,
        "seed": seed,
        "texts": len(taught),
        "held_out_texts": len(held_out),
        "held_out_cosine": round(float(cosine.mean()), 5),
    }


def mixtures(texts: Sequence[str], *, count: int, rng: Generator) -> list[str]:
    """Words of two texts, some left out, in another order: what a shop might yet sell."""
    pairs = rng.integers(0, len(texts), (max(count, 0), 2))
    return [_mixture(texts[one], texts[other], rng=rng) for one, other in pairs]


def _mixture(one: str, other: str, *, rng: Generator) -> str:
    words = np.array([*one.split(), *other.split()], dtype=object)
    kept = rng.permutation(words)[: max(int(rng.integers(1, len(words) + 1)), 1)]
    return " ".join(kept)


class _Lesson:
    """Texts and what the teacher says of them."""

    def __init__(self, texts: list[str], vectors: Tensor) -> None:
        self.texts, self.vectors = texts, vectors

    def some(self, rng: Generator) -> tuple[list[str], Tensor]:
        """A batch at random."""
        rows = rng.choice(len(self.texts), min(BATCH, len(self.texts)), replace=False)
        return [self.texts[row] for row in rows], self.vectors[torch.from_numpy(rows)]


def _student(source: Path, *, layers: int) -> Any:
    """The teacher with some of its layers, evenly spaced, the first and the last among them."""
    model = bert_of(source)
    whole = model.encoder.layer
    if not 1 <= layers <= len(whole):
        raise UnfitEncoder(f"A student has 1 to {len(whole)} layers.")
    places = np.linspace(0, len(whole) - 1, layers).round().astype(int) if layers > 1 else [0]
    model.encoder.layer = torch.nn.ModuleList(whole[int(place)] for place in places)
    model.config.num_hidden_layers = layers
    model.embeddings.requires_grad_(False)  # it knows every word that its teacher knows
    return model


def _teach(
    student: Any,
    tokenizer: Any,
    lesson: _Lesson,
    *,
    steps: int,
    rng: Generator,
    progress: Progress,
) -> None:
    optimiser = Optimiser(student, rate=RATE, steps=steps)
    student.eval()  # without dropout: there is no noise to learn to bear
    for step in range(steps):
        texts, wanted = lesson.some(rng)
        said = F.normalize(padded_means(student, padded(tokenizer, texts)), dim=1)
        apart = (1 - (said * wanted).sum(1)).mean()
        likeness = (said @ said.T - wanted @ wanted.T).square().mean()
        optimiser.step(apart + likeness)
        progress(step + 1, steps)
