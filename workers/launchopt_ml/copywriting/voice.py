"""A brand's voice: a LoRA adapter or a prefix learned from approved copy.

It learns answers alone, token by token (Hu and others, 2021; Li and Liang, 2021), and is judged by
texts that it has not seen and by what it writes about their facts. It learns how a shop speaks, not
what is true: what it writes is checked like everything else.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from launchopt_ml.copywriting.adapters import RATES, adapted
from launchopt_ml.copywriting.prompting import messages_for
from launchopt_ml.copywriting.transformer import Loaded
from launchopt_ml.copywriting.voice_judged import Array, Change, Samples, Verdict, samples_of
from launchopt_ml.copywriting.writer import Brief, Example, WriterFailed

if TYPE_CHECKING:
    import torch

Progress = Callable[[int, int, str], None]
BATCH = 8
HELD_OUT = 5  # every fifth text judges
FEWEST = 10  # texts
SAMPLES = 32  # unseen facts that are written about, before and after
LONGEST = 1024  # tokens of prompt and answer together
UNLEARNED = -100  # the label of a token that is read, not learned


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A text and what it was written from."""

    brief: Brief
    example: Example


@dataclass(frozen=True)
class Pages:
    """Lessons as tokens, where each answer begins, and what it was written from."""

    tokens: list[list[int]]
    begins: list[int]
    briefs: list[Brief]


def train_voice(
    model: str,
    lessons: Sequence[Lesson],
    target: Path,
    *,
    method: str = "lora",
    epochs: int = 3,
    samples: int = SAMPLES,
    seed: int = 0,
    progress: Progress = lambda done, total, step: None,
) -> Learned:
    """Write the adapter into a folder; gives how it judged unseen texts and facts.

    Raises WriterFailed where there are too few texts, or the model cannot be loaded.
    """
    import torch

    if len(lessons) < FEWEST:
        raise WriterFailed(f"it takes {FEWEST} texts at least; here are {len(lessons)}")
    loaded = Loaded.of(model, "")
    pages = _pages(loaded, lessons)
    if len(pages.tokens) < FEWEST:
        raise WriterFailed(f"only {len(pages.tokens)} texts fit into {LONGEST} tokens")
    unseen = list(range(0, len(pages.tokens), HELD_OUT))
    seen = [at for at in range(len(pages.tokens)) if at % HELD_OUT]
    briefs = [pages.briefs[at] for at in unseen][:samples]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        before = _judge(loaded, loaded.model, pages, unseen, briefs, seed=seed, progress=progress)
        voiced = adapted(loaded.model, method=method)
        _learn(loaded, voiced, pages, seen, method=method, epochs=epochs, seed=seed,
               progress=progress)  # fmt: skip
        speaking = loaded.speaking(voiced)
        after = _judge(speaking, voiced, pages, unseen, briefs, seed=seed, progress=progress)
    voiced.save_pretrained(target)
    weights = sum(p.numel() for p in voiced.parameters() if p.requires_grad)
    return Learned(len(seen), len(unseen), weights, _verdict(before, after, seed=seed))


@dataclass(frozen=True)
class Learned:
    """What a voice was learned from, and whether it is better than none."""

    texts: int
    unseen_texts: int
    trained_weights: int
    verdict: Verdict

    def as_dict(self) -> dict[str, Any]:
        """As it is kept."""
        loss = self.verdict.loss
        return {
            "texts": self.texts,
            "unseen_texts": self.unseen_texts,
            "trained_weights": self.trained_weights,
            "perplexity_before": round(math.exp(loss.before), 2),
            "perplexity_after": round(math.exp(loss.after), 2),
            **self.verdict.as_dict(),
        }


@dataclass(frozen=True)
class Judged:
    """Unseen texts: the loss of each and its tokens; and what is written about their facts."""

    loss: Array
    tokens: Array
    samples: Samples


def _judge(
    loaded: Loaded,
    model: Any,
    pages: Pages,
    unseen: Sequence[int],
    briefs: Sequence[Brief],
    *,
    seed: int,
    progress: Progress,
) -> Judged:
    loss, tokens = _losses(loaded, model, pages, unseen)
    written = samples_of(
        loaded,
        briefs,
        seed=seed,
        progress=lambda done: progress(done, len(briefs), "write about unseen facts"),
    )
    return Judged(loss, tokens, written)


def _verdict(before: Judged, after: Judged, *, seed: int) -> Verdict:
    rng = np.random.default_rng(seed)
    some, others = before.samples, after.samples
    return Verdict(
        loss=Change.of(before.loss, after.loss, weights=before.tokens, rng=rng),
        passed=Change.of(some.passed, others.passed, rng=rng),
        facts_kept=Change.of(some.facts_kept, others.facts_kept, rng=rng),
        samples=len(some.passed),
    )


def _pages(loaded: Loaded, lessons: Sequence[Lesson]) -> Pages:
    pages = Pages([], [], [])
    for lesson in lessons:
        prompt = loaded.prompt(messages_for(lesson.brief))
        words = json.dumps(lesson.example.draft.parts(), ensure_ascii=False)
        answer = loaded.tokenizer(words, add_special_tokens=False)["input_ids"]
        if len(prompt) + len(answer) <= LONGEST:
            pages.tokens.append([*prompt, *answer])
            pages.begins.append(len(prompt))
            pages.briefs.append(lesson.brief)
    return pages


def _learn(
    loaded: Loaded,
    model: Any,
    pages: Pages,
    seen: Sequence[int],
    *,
    method: str,
    epochs: int,
    seed: int,
    progress: Progress,
) -> None:
    import torch

    rng = np.random.default_rng(seed)
    weights = [each for each in model.parameters() if each.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=RATES[method])
    batches = [
        order[start : start + BATCH]
        for order in ([seen[at] for at in rng.permutation(len(seen))] for _ in range(epochs))
        for start in range(0, len(order), BATCH)
    ]
    model.train()
    for done, batch in enumerate(batches, start=1):
        loss, tokens = _read(loaded, model, pages, batch)
        mean: Any = loss.sum() / tokens.sum()
        mean.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        progress(done, len(batches), "learn the voice")
    model.eval()


def _losses(loaded: Loaded, model: Any, pages: Pages, some: Sequence[int]) -> tuple[Array, Array]:
    """(texts,) the mean loss of a token of each answer, and how many tokens it has."""
    import torch

    losses: list[float] = []
    counts: list[float] = []
    with torch.inference_mode():
        for start in range(0, len(some), BATCH):
            loss, tokens = _read(loaded, model, pages, some[start : start + BATCH])
            losses += (loss / tokens).tolist()
            counts += tokens.tolist()
    return np.array(losses), np.array(counts, dtype=np.float64)


def _read(
    loaded: Loaded, model: Any, pages: Pages, batch: Sequence[int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """(texts,) the summed loss of each answer and its tokens; padded on the right.

    Prompts and padding teach nothing.
    """
    import torch

    longest = max(len(pages.tokens[at]) for at in batch)
    ids, labels, mask = [], [], []
    for at in batch:
        tokens, begins = pages.tokens[at], pages.begins[at]
        room = longest - len(tokens)
        ids.append(tokens + [loaded.pad] * room)
        labels.append([UNLEARNED] * begins + tokens[begins:] + [UNLEARNED] * room)
        mask.append([1] * len(tokens) + [0] * room)
    rows: list[torch.Tensor] = [
        torch.tensor(each, device=loaded.model.device) for each in (ids, labels, mask)
    ]
    scores = model(input_ids=rows[0], attention_mask=rows[2]).logits[:, :-1]
    wanted = rows[1][:, 1:]
    loss = torch.nn.functional.cross_entropy(
        scores.float().transpose(1, 2), wanted, ignore_index=UNLEARNED, reduction="none"
    )
    return loss.sum(dim=1), (wanted != UNLEARNED).sum(dim=1)
