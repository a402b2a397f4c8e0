"""A BERT encoder's forward pass on the CPU without padding: texts of a batch lie end to end.

Every matrix product sees real tokens only, and attention runs over groups of texts of one length,
so that it needs no mask. The weights are those of transformers' BertModel, and so is the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

# oneDNN's own entries, where the build has them: a product and its GELU at once, and weights laid
# out beforehand as it wants them. Without them the same is done in more steps.
FUSED = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
REORDER = getattr(torch.ops.mkldnn, "_reorder_linear_weight", None) if FUSED else None
USUAL_TOKENS = 2048  # of a batch, which the layout is chosen for


@dataclass(frozen=True)
class Layer:
    """The weights of one layer; query, key and value as one matrix."""

    attend: tuple[Tensor, Tensor]  # (3 width, width), (3 width,)
    attended: tuple[Tensor, Tensor]  # (width, width), (width,)
    norm_attended: tuple[Tensor, Tensor]
    widen: tuple[Tensor, Tensor]  # (4 width, width), (4 width,)
    narrow: tuple[Tensor, Tensor]  # (width, 4 width), (width,)
    norm_narrow: tuple[Tensor, Tensor]


@dataclass(frozen=True)
class PackedBert:
    """Token ids of several texts to the mean of each text's states."""

    words: Tensor  # (vocabulary, width)
    places: Tensor  # (positions, width), with the one token type added
    norm: tuple[Tensor, Tensor]
    layers: list[Layer]
    heads: int
    epsilon: float

    @classmethod
    def fits(cls, model: Any) -> bool:
        """Whether a transformers model is a BERT of this kind, on the CPU, in float32."""
        settings = model.config
        return (
            settings.model_type == "bert"
            and settings.hidden_act == "gelu"
            and getattr(settings, "position_embedding_type", "absolute") == "absolute"
            and model.device.type == "cpu"
            and model.dtype == torch.float32
        )

    @classmethod
    def of(cls, model: Any) -> PackedBert:
        """The same weights, laid out anew."""
        weights = {name: value.detach() for name, value in model.state_dict().items()}
        embeddings = "embeddings."
        types = weights[embeddings + "token_type_embeddings.weight"]
        return cls(
            weights[embeddings + "word_embeddings.weight"],
            weights[embeddings + "position_embeddings.weight"] + types[0],
            _pair(weights, embeddings + "LayerNorm"),
            [_layer(weights, number) for number in range(model.config.num_hidden_layers)],
            model.config.num_attention_heads,
            model.config.layer_norm_eps,
        )

    def means(self, tokens: list[list[int]]) -> Tensor:
        """Texts sorted by length -> (texts, width)."""
        lengths = np.array([len(ids) for ids in tokens])
        ids = torch.from_numpy(np.concatenate(tokens))  # (tokens,)
        place = torch.from_numpy(np.concatenate([np.arange(length) for length in lengths]))
        states = self._normed(self.words[ids] + self.places[place], self.norm)
        groups = _groups(lengths)
        for layer in self.layers:
            states = self._through(layer, states, groups=groups)
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        sums = np.add.reduceat(states.numpy(), starts, axis=0)
        return torch.from_numpy(sums / lengths[:, None].astype(np.float32))

    def _through(
        self, layer: Layer, states: Tensor, *, groups: list[tuple[int, int, int]]
    ) -> Tensor:
        """(tokens, width) -> (tokens, width)."""
        mixed = self._attention(_linear(states, layer.attend), groups=groups)
        states = self._normed(_linear(mixed, layer.attended) + states, layer.norm_attended)
        wide = _linear_gelu(states, layer.widen)  # (tokens, 4 width)
        return self._normed(_linear(wide, layer.narrow) + states, layer.norm_narrow)

    def _attention(self, attend: Tensor, *, groups: list[tuple[int, int, int]]) -> Tensor:
        """(tokens, 3 width) -> (tokens, width), each text attending to itself."""
        width = attend.shape[1] // 3
        mixed = attend.new_empty((len(attend), width))
        for start, count, length in groups:
            end = start + count * length
            parts = attend[start:end].view(count, length, 3, self.heads, width // self.heads)
            query, key, value = parts.permute(2, 0, 3, 1, 4)  # (count, heads, length, head)
            seen = F.scaled_dot_product_attention(query, key, value)
            mixed[start:end] = seen.transpose(1, 2).reshape(count * length, width)
        return mixed

    def _normed(self, states: Tensor, norm: tuple[Tensor, Tensor]) -> Tensor:
        return F.layer_norm(states, states.shape[-1:], *norm, self.epsilon)


def _groups(lengths: NDArray[np.integer]) -> list[tuple[int, int, int]]:
    """For each length its first token, how many texts have it, and the length itself."""
    distinct, counts = np.unique(lengths, return_counts=True)
    starts = np.concatenate([[0], np.cumsum(distinct * counts)[:-1]])
    return [(int(s), int(c), int(n)) for s, c, n in zip(starts, counts, distinct, strict=True)]


def _linear(states: Tensor, weights: tuple[Tensor, Tensor]) -> Tensor:
    if FUSED is None:
        return F.linear(states, *weights)
    product: Tensor = FUSED(states, *weights, "none", [], "")
    return product


def _linear_gelu(states: Tensor, weights: tuple[Tensor, Tensor]) -> Tensor:
    if FUSED is None:
        return F.gelu(F.linear(states, *weights))
    product: Tensor = FUSED(states, *weights, "gelu", [], "none")
    return product


def _layer(weights: dict[str, Tensor], number: int) -> Layer:
    own = f"encoder.layer.{number}."
    parts = [_pair(weights, f"{own}attention.self.{part}") for part in ("query", "key", "value")]
    return Layer(
        _laid_out((torch.cat([w for w, _ in parts]), torch.cat([b for _, b in parts]))),
        _laid_out(_pair(weights, own + "attention.output.dense")),
        _pair(weights, own + "attention.output.LayerNorm"),
        _laid_out(_pair(weights, own + "intermediate.dense")),
        _laid_out(_pair(weights, own + "output.dense")),
        _pair(weights, own + "output.LayerNorm"),
    )


def _laid_out(pair: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    weight, bias = pair
    return (REORDER(weight, USUAL_TOKENS) if REORDER else weight), bias


def _pair(weights: dict[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
    return weights[name + ".weight"], weights[name + ".bias"]
