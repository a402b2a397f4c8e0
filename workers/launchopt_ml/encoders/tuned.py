"""An encoder fine-tuned by peft on what customers want together, a few weights at a time.

Texts of two products of one basket or history are drawn together and the others of the batch apart
(InfoNCE, van den Oord and others, 2018), while every text is held near to what it meant
before. LoRA (Hu and others, 2021) and AdaLoRA (Zhang and others, 2023) are merged into the
weights; prefix tuning (Li and Liang, 2021) stays a file of its own beside them.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from launchopt_ml.encoder import PREFIX_FILE, encoder_from, padded_means, tokenizer_of
from launchopt_ml.encoders.batches import Optimiser, Progress, padded
from launchopt_ml.encoders.files import UnfitEncoder, bert_of, copy_beside, write_model
from launchopt_ml.encoders.pairs import Wishes
from launchopt_ml.shop import Shop

METHODS = ("lora", "adalora", "prefix")
RATES = {"lora": 5e-4, "adalora": 2e-3, "prefix": 1e-2}
PAIRS = 48  # of a step
TEMPERATURE = 0.05
STAY = 1.0  # the weight of staying near
RANK = 8
PREFIX = 4  # virtual tokens
CLOSINGS = 64  # texts whose closing mark a prefix begins as
NOISE = 0.02  # so that its tokens part


def write_tuned(
    source: Path,
    target: Path,
    *,
    shop: Shop,
    as_of: np.datetime64,
    method: str = "lora",
    steps: int = 200,
    seed: int = 0,
    progress: Progress = lambda done, total: None,
) -> dict[str, Any]:
    """Tune on what was wanted before `as_of`; gives what belongs on the card.

    Raises TooFewPairs and UnfitEncoder.
    """
    if method not in METHODS:
        raise UnfitEncoder(f"{method!r} is none of {', '.join(METHODS)}.")
    if (source / PREFIX_FILE).exists():
        raise UnfitEncoder("A prefix was tuned already: begin with the encoder it was made from.")
    wishes = Wishes.of(shop, as_of=as_of)
    before = encoder_from(source, name="before", device="cpu").encode(wishes.text.tolist())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        tokenizer, bert = tokenizer_of(source), bert_of(source)
        closing = _closing(bert, padded(tokenizer, wishes.text[:CLOSINGS].tolist()))
        model = _adapted(bert, method=method, steps=steps)
        if method == "prefix":
            _begin_with(model, closing)
        weights = sum(each.numel() for each in model.parameters() if each.requires_grad)
        lesson = Lesson(wishes, torch.from_numpy(before), np.random.default_rng(seed))
        losses = _tune(model, tokenizer, lesson, steps=steps, progress=progress)
    _write(model, target, method=method, like=source)
    return {
        "method": method,
        "steps": steps,
        "seed": seed,
        "products": len(wishes.text),
        "purchases": len(wishes.product),
        "trained_weights": weights,
        "loss_at_first": round(float(np.mean(losses[: max(steps // 10, 1)])), 4),
        "loss_at_last": round(float(np.mean(losses[-max(steps // 10, 1) :])), 4),
    }


class Lesson:
    """What is drawn together, and what every text meant before."""

    def __init__(self, wishes: Wishes, before: Tensor, rng: np.random.Generator) -> None:
        self._wishes, self._before, self._rng = wishes, before, rng

    def some(self) -> tuple[list[str], Tensor]:
        """(2 x pairs) texts, the firsts and then the seconds, and their vectors of before."""
        pairs = self._wishes.pairs(PAIRS, rng=self._rng)
        places = pairs.T.ravel()  # (2 x pairs,)
        return self._wishes.text[places].tolist(), self._before[torch.from_numpy(places)]


def _adapted(model: Any, *, method: str, steps: int) -> Any:
    """The model with a few weights to learn, all others frozen."""
    from peft import get_peft_model

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks by a name that has a new one
        adapted = get_peft_model(model, _adapter(method, steps=steps))
    adapted.eval()  # without dropout, so that a text means the same on both sides of a pair
    return adapted


def _adapter(method: str, *, steps: int) -> Any:
    """What peft is asked for."""
    from peft import AdaLoraConfig, LoraConfig, PrefixTuningConfig, TaskType

    task = TaskType.FEATURE_EXTRACTION
    if method == "prefix":
        return PrefixTuningConfig(task_type=task, num_virtual_tokens=PREFIX)
    everywhere: dict[str, Any] = {
        "task_type": task,
        "target_modules": ["query", "key", "value", "dense"],
        "exclude_modules": ["pooler.dense"],
        "lora_alpha": 2 * RANK,
    }
    if method == "lora":
        return LoraConfig(r=RANK, **everywhere)
    # Half as much rank again at first, of which the least useful third goes in time.
    pace: dict[str, Any] = {
        "tinit": steps // 10,
        "tfinal": steps // 3,
        "deltaT": 5,
        "total_step": steps,
    }
    return AdaLoraConfig(init_r=RANK + RANK // 2, target_r=RANK, **pace, **everywhere)


def _tune(
    model: Any, tokenizer: Any, lesson: Lesson, *, steps: int, progress: Progress
) -> list[float]:
    kind = model.active_peft_config.peft_type.value.lower().removesuffix("_tuning")
    optimiser = Optimiser(model, rate=RATES[kind], steps=steps)
    losses = []
    for step in range(steps):
        texts, before = lesson.some()
        said = F.normalize(padded_means(model, padded(tokenizer, texts)), dim=1)
        loss = contrast(said) + STAY * (1 - (said * before).sum(1)).mean()
        optimiser.step(loss)
        if kind == "adalora":
            model.base_model.update_and_allocate(step)  # moves rank to where it is needed
        losses.append(float(loss.detach()))
        progress(step + 1, steps)
    return losses


def _closing(model: Any, batch: Any) -> Tensor:
    """Keys and values of the mark that closes a text, mean over texts: (layers, 2, width).

    Heads that have nothing to say look there (Clark and others, 2019).
    """
    texts, last = torch.arange(len(batch["input_ids"])), batch["attention_mask"].sum(1) - 1
    with torch.inference_mode():
        states = model(**batch, output_hidden_states=True).hidden_states
        heads = [layer.attention.self for layer in model.encoder.layer]
        return torch.stack(
            [
                torch.stack([head.key(state).mean(0), head.value(state).mean(0)])
                for head, state in zip(heads, (s[texts, last] for s in states[:-1]), strict=True)
            ]
        )


def _begin_with(model: Any, closing: Tensor) -> None:
    """Let every virtual token begin as that mark, which disturbs what is said the least."""
    weight = model.prompt_encoder["default"].embedding.weight  # (tokens, layers x 2 x width)
    with torch.no_grad():
        weight.mul_(NOISE).add_(closing.reshape(1, -1))


def contrast(said: Tensor) -> Tensor:
    """InfoNCE both ways: (2 x pairs, width), the firsts and then their partners.

    >>> round(float(contrast(torch.eye(2).repeat(2, 1))), 4)
    0.0
    """
    first, second = said.chunk(2)
    alike = first @ second.T / TEMPERATURE  # (pairs, pairs)
    right = torch.arange(len(first))
    return (F.cross_entropy(alike, right) + F.cross_entropy(alike.T, right)) / 2


def _write(model: Any, target: Path, *, method: str, like: Path) -> None:
    from safetensors.torch import save_file

    if method != "prefix":
        write_model(model.merge_and_unload(), target, like=like)
        return
    copy_beside(like, target)
    base = model.get_base_model()
    base.save_pretrained(target)
    save_file({"prefix": prefix_of(model)}, target / PREFIX_FILE)


def prefix_of(model: Any) -> Tensor:
    """The learned keys and values as (layers, 2, heads, virtual tokens, head)."""
    settings = model.active_peft_config
    layers, heads = settings.num_layers, settings.num_attention_heads
    flat: Tensor = model.prompt_encoder["default"].embedding.weight.detach()
    parts = flat.view(len(flat), layers, 2, heads, -1)  # (tokens, 2 x layers x width) before
    return parts.permute(1, 2, 3, 0, 4).contiguous()
