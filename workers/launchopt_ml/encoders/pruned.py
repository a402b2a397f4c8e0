"""An encoder with fewer inner neurons or layers: a smaller BERT that transformers reads as it is.

Which neurons matter, and what the rest can say in the place of those left out, is found on texts of
the shop: the matrix behind them is fitted anew by least squares, layer by layer (He and others,
2017). Layers go by how little they turn the states they are given (Men and others, 2024). Heads
stay: transformers wants as many of them, of equal width, as make up the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from launchopt_ml.encoder import tokenizer_of
from launchopt_ml.encoders.batches import Progress, batches
from launchopt_ml.encoders.files import UnfitEncoder, bert_of, enough, write_model

RIDGE = 1e-3  # of the mean second moment
MOST_TEXTS = 1000  # to judge by


def write_pruned(
    source: Path,
    target: Path,
    *,
    texts: Sequence[str],
    keep: float = 0.5,
    layers: int | None = None,
    progress: Progress = lambda done, total: None,
) -> dict[str, Any]:
    """Keep a share of the inner neurons, and so many layers; gives what belongs on the card."""
    model, tokenizer = bert_of(source), tokenizer_of(source)
    kept_layers = layers or len(model.encoder.layer)
    if not 0 < keep <= 1 or not 1 <= kept_layers <= len(model.encoder.layer):
        raise UnfitEncoder("Keep a share of the neurons above 0, and 1 layer or more.")
    distinct = enough(texts)
    some = distinct[:: max(len(distinct) // MOST_TEXTS, 1)]
    with torch.inference_mode():
        given = list(batches(tokenizer, some))
        left_out = _drop_layers(model, given, keep=kept_layers)
        moments = _moments(model, given, progress=progress) if keep < 1 else []
        for layer, moment in zip(model.encoder.layer, moments, strict=keep < 1):
            _thin(layer, moment, keep=keep)
    neurons = model.encoder.layer[0].intermediate.dense.out_features
    model.config.intermediate_size, model.config.num_hidden_layers = neurons, kept_layers
    write_model(model, target, like=source)
    return {"inner_neurons": neurons, "layers": kept_layers, "layers_left_out": left_out}


def _drop_layers(model: Any, given: list[Any], *, keep: int) -> list[int]:
    """Leave out the layers that change their states least; the others keep their order."""
    whole = model.encoder.layer
    turns = torch.zeros(len(whole))
    for batch in given if keep < len(whole) else ():
        states = model(**batch, output_hidden_states=True).hidden_states
        mask = batch["attention_mask"].bool()
        turns += torch.stack(
            [
                (1 - F.cosine_similarity(before[mask], after[mask], dim=-1)).sum()
                for before, after in pairwise(states)
            ]
        )
    left_out = sorted(turns.argsort()[: len(whole) - keep].tolist())
    kept = [layer for place, layer in enumerate(whole) if place not in left_out]
    model.encoder.layer = torch.nn.ModuleList(kept)
    return left_out


class _Moments:
    """(neurons + 1, neurons + 1): summed products of what neurons say, and of a constant 1."""

    def __init__(self, width: int) -> None:
        self.total, self.count = torch.zeros(width + 1, width + 1), 0
        self.mask = torch.zeros(0, dtype=torch.bool)

    def __call__(self, _: Any, said: tuple[Tensor]) -> None:
        """Hear what comes before a matrix, of real tokens only."""
        rows = said[0][self.mask]  # (tokens, neurons)
        rows = torch.cat([rows, torch.ones(len(rows), 1)], dim=1)
        self.total += rows.T @ rows
        self.count += len(rows)


def _moments(model: Any, given: list[Any], *, progress: Progress) -> list[Tensor]:
    """Mean products of each layer's inner neurons over the texts."""
    behind = [layer.output.dense for layer in model.encoder.layer]
    heard = [_Moments(dense.in_features) for dense in behind]
    hooks = [d.register_forward_pre_hook(one) for d, one in zip(behind, heard, strict=True)]
    for place, batch in enumerate(given):
        for one in heard:
            one.mask = batch["attention_mask"].bool()
        model(**batch)
        progress(place + 1, len(given))
    for hook in hooks:
        hook.remove()
    return [one.total / one.count for one in heard]


def _thin(layer: Any, moments: Tensor, *, keep: float) -> None:
    """Keep the neurons that weigh most, and let them say what all of them said, as near as can."""
    widen, narrow = layer.intermediate.dense, layer.output.dense
    weight = moments.diagonal()[:-1] * narrow.weight.square().sum(0)
    count = max(int(keep * len(weight)) // 8 * 8, 8)  # int8 products want multiples of eight
    kept = weight.argsort(descending=True)[:count].sort().values
    behind = torch.cat([kept, torch.tensor([len(weight)])])  # and the constant
    whole = torch.cat([narrow.weight, narrow.bias[:, None]], dim=1)  # (width, neurons + 1)
    own = moments[behind][:, behind]
    ridge = RIDGE * own.diagonal().mean() * torch.eye(len(behind))
    fitted = torch.linalg.solve(own + ridge, moments[behind] @ whole.T)  # (kept + 1, width)
    layer.intermediate.dense = _linear(widen.weight[kept], widen.bias[kept])
    layer.output.dense = _linear(fitted[:-1].T, fitted[-1])


def _linear(weight: Tensor, bias: Tensor) -> torch.nn.Linear:
    made = torch.nn.Linear(weight.shape[1], weight.shape[0])
    made.weight, made.bias = torch.nn.Parameter(weight.clone()), torch.nn.Parameter(bias.clone())
    return made
