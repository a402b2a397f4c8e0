"""A brand's voice: a LoRA adapter learned from approved copy (Hu and others, 2021).

It learns answers alone, token by token, and is judged by texts that it has not seen. It learns how
a shop speaks, not what is true: what it writes is checked like everything else.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from launchopt_ml.copywriting.prompting import messages_for
from launchopt_ml.copywriting.transformer import Loaded
from launchopt_ml.copywriting.writer import Brief, Example, WriterFailed

if TYPE_CHECKING:
    import torch

Progress = Callable[[int, int], None]
RANK = 8
RATE = 1e-3
BATCH = 8
HELD_OUT = 5  # every fifth text judges
FEWEST = 10  # texts
LONGEST = 1024  # tokens of prompt and answer together
UNLEARNED = -100  # the label of a token that is read, not learned


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A text and what it was written from."""

    brief: Brief
    example: Example


@dataclass(frozen=True)
class Pages:
    """Lessons as tokens, and where each answer begins."""

    tokens: list[list[int]]
    begins: list[int]


def train_voice(
    model: str,
    lessons: Sequence[Lesson],
    target: Path,
    *,
    epochs: int = 3,
    seed: int = 0,
    progress: Progress = lambda done, total: None,
) -> dict[str, Any]:
    """Write the adapter into a folder; gives the loss of unseen texts before and after.

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
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        before = _loss_of(loaded, loaded.model, pages, unseen)
        adapted = _adapted(loaded.model)
        _learn(loaded, adapted, pages, seen, epochs=epochs, seed=seed, progress=progress)
        after = _loss_of(loaded, adapted, pages, unseen)
    adapted.save_pretrained(target)
    return {
        "texts": len(seen),
        "unseen_texts": len(unseen),
        "loss_before": round(before, 4),
        "loss_after": round(after, 4),
        "perplexity_before": round(math.exp(before), 2),
        "perplexity_after": round(math.exp(after), 2),
        "trained_weights": sum(p.numel() for p in adapted.parameters() if p.requires_grad),
    }


def _pages(loaded: Loaded, lessons: Sequence[Lesson]) -> Pages:
    tokens, begins = [], []
    for lesson in lessons:
        prompt = loaded.prompt(messages_for(lesson.brief))
        words = json.dumps(lesson.example.draft.parts(), ensure_ascii=False)
        answer = loaded.tokenizer(words, add_special_tokens=False)["input_ids"]
        if len(prompt) + len(answer) <= LONGEST:
            tokens.append([*prompt, *answer])
            begins.append(len(prompt))
    return Pages(tokens, begins)


def _adapted(model: Any) -> Any:
    """The model with a few weights to learn, all others frozen."""
    from peft import LoraConfig, TaskType, get_peft_model

    config = LoraConfig(
        task_type=TaskType.CAUSAL_LM, r=RANK, lora_alpha=2 * RANK, target_modules="all-linear"
    )
    return get_peft_model(model, config)


def _learn(
    loaded: Loaded,
    model: Any,
    pages: Pages,
    seen: Sequence[int],
    *,
    epochs: int,
    seed: int,
    progress: Progress,
) -> None:
    import torch

    rng = np.random.default_rng(seed)
    weights = [each for each in model.parameters() if each.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=RATE)
    batches = [
        order[start : start + BATCH]
        for order in ([seen[at] for at in rng.permutation(len(seen))] for _ in range(epochs))
        for start in range(0, len(order), BATCH)
    ]
    model.train()
    for done, batch in enumerate(batches, start=1):
        loss = _read(loaded, model, pages, batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        progress(done, len(batches))
    model.eval()


def _loss_of(loaded: Loaded, model: Any, pages: Pages, some: Sequence[int]) -> float:
    """The mean loss of a token of these answers."""
    import torch

    total, count = 0.0, 0
    with torch.inference_mode():
        for start in range(0, len(some), BATCH):
            batch = some[start : start + BATCH]
            answers = sum(len(pages.tokens[at]) - pages.begins[at] for at in batch)
            total += float(_read(loaded, model, pages, batch).loss) * answers
            count += answers
    return total / count


def _read(loaded: Loaded, model: Any, pages: Pages, batch: Sequence[int]) -> Any:
    """(texts, tokens), padded on the right; prompts and padding teach nothing."""
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
    return model(input_ids=rows[0], labels=rows[1], attention_mask=rows[2])
