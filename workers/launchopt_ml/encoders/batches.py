"""Texts as the batches that an encoder is trained and judged on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

MOST_TOKENS = 96  # of a text in training: titles are short, and descriptions begin with the matter
WARM_UP = 0.1  # of the steps, in which the rate of learning rises
Progress = Callable[[int, int], None]  # steps done, of how many


def padded(tokenizer: Any, texts: Sequence[str]) -> Any:
    """Texts as one batch: ids and masks, (texts, tokens)."""
    return tokenizer(
        list(texts),
        truncation=True,
        max_length=MOST_TOKENS,
        padding=True,
        return_token_type_ids=False,
        return_tensors="pt",
    )


def batches(tokenizer: Any, texts: Sequence[str], *, size: int = 32) -> Iterator[Any]:
    """All the texts, those of like length together."""
    ordered = sorted(texts, key=len)
    return (padded(tokenizer, ordered[at : at + size]) for at in range(0, len(ordered), size))


class Optimiser:
    """AdamW whose rate rises over the first steps and falls to nothing at the last."""

    def __init__(self, model: torch.nn.Module, *, rate: float, steps: int) -> None:
        learned = [each for each in model.parameters() if each.requires_grad]
        self._adam = AdamW(learned, lr=rate, weight_decay=0.01)
        self._rate = LambdaLR(self._adam, lambda step: _share_of_rate(step, steps=steps))

    def step(self, loss: torch.Tensor) -> None:
        """Descend from a loss; gradients of this step remain until the next one."""
        self._adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._adam.step()
        self._rate.step()


def _share_of_rate(step: int, *, steps: int) -> float:
    rising = max(WARM_UP * steps, 1)
    return min((step + 1) / rising, max(steps - step, 0) / max(steps - rising, 1))
