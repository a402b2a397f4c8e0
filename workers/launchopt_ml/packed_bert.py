"""A BERT encoder's forward pass without padding: the texts of a batch lie end to end.

Every matrix product sees real tokens only, and attention runs over groups of texts of one length,
so that it needs no mask. The weights are those of transformers' BertModel, and so is the result;
the same code serves the CPU and CUDA, floats and int8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from launchopt_ml.encoders.parts import Linear, Table, Weights


@dataclass(frozen=True)
class Layer:
    """The weights of one layer; query, key and value as one matrix."""

    attend: Linear  # width -> 3 width
    attended: Linear
    norm_attended: tuple[Tensor, Tensor]
    widen: Linear  # width -> inner width
    narrow: Linear
    norm_narrow: tuple[Tensor, Tensor]
    prefix: tuple[Tensor, Tensor] | None = None  # learned keys, values: (heads, prefix, head)


@dataclass(frozen=True)
class PackedBert:
    """Token ids of several texts to the mean of each text's states."""

    words: Table
    places: Tensor  # (positions, width) after those of the prefix, with the one token type added
    norm: tuple[Tensor, Tensor]
    layers: list[Layer]
    heads: int
    epsilon: float

    @property
    def width(self) -> int:
        """The number of columns of its states."""
        return self.places.shape[1]

    @classmethod
    def fits(cls, settings: Any) -> bool:
        """Whether a transformers configuration is a BERT of this kind."""
        return (
            settings.model_type == "bert"
            and settings.hidden_act == "gelu"
            and getattr(settings, "position_embedding_type", "absolute") == "absolute"
        )

    @classmethod
    def of(cls, weights: Weights, settings: Any, *, prefix: Tensor | None = None) -> PackedBert:
        """The same weights, laid out anew. `prefix` is (layers, 2, heads, prefix, head)."""
        types = weights.tensor("embeddings.token_type_embeddings.weight")
        places = weights.tensor("embeddings.position_embeddings.weight") + types[0]
        length = 0 if prefix is None else prefix.shape[3]
        return cls(
            weights.table("embeddings.word_embeddings"),
            places[length:],
            weights.pair("embeddings.LayerNorm"),
            [
                _layer(weights, number, prefix=None if prefix is None else prefix[number])
                for number in range(settings.num_hidden_layers)
            ],
            settings.num_attention_heads,
            settings.layer_norm_eps,
        )

    def means(self, tokens: list[list[int]]) -> Tensor:
        """Texts sorted by length -> (texts, width) float32."""
        device = self.places.device
        lengths = np.array([len(ids) for ids in tokens])
        ids = torch.from_numpy(np.concatenate(tokens)).to(device)  # (tokens,)
        place = np.concatenate([np.arange(length) for length in lengths])
        states = self.words(ids) + self.places[torch.from_numpy(place).to(device)]
        states = self._normed(states, self.norm)
        groups = _groups(lengths)
        for layer in self.layers:
            states = self._through(layer, states, groups=groups)
        counts = torch.from_numpy(lengths).to(device)
        return torch.segment_reduce(states.float(), "mean", lengths=counts, axis=0)

    def _through(
        self, layer: Layer, states: Tensor, *, groups: list[tuple[int, int, int]]
    ) -> Tensor:
        """(tokens, width) -> (tokens, width)."""
        mixed = self._attention(layer, states, groups=groups)
        states = self._normed(layer.attended(mixed) + states, layer.norm_attended)
        wide = layer.widen.gelu(states)  # (tokens, inner width)
        return self._normed(layer.narrow(wide) + states, layer.norm_narrow)

    def _attention(
        self, layer: Layer, states: Tensor, *, groups: list[tuple[int, int, int]]
    ) -> Tensor:
        """(tokens, width) -> (tokens, width), each text attending to itself and the prefix."""
        attend = layer.attend(states)  # (tokens, 3 width)
        width = attend.shape[1] // 3
        mixed = torch.empty_like(states)
        for start, count, length in groups:
            end = start + count * length
            parts = attend[start:end].view(count, length, 3, self.heads, width // self.heads)
            query, key, value = parts.permute(2, 0, 3, 1, 4)  # (count, heads, length, head)
            if layer.prefix:
                key, value = _behind(layer.prefix[0], key), _behind(layer.prefix[1], value)
            seen = F.scaled_dot_product_attention(query, key, value)
            mixed[start:end] = seen.transpose(1, 2).reshape(count * length, width)
        return mixed

    def _normed(self, states: Tensor, norm: tuple[Tensor, Tensor]) -> Tensor:
        return F.layer_norm(states, states.shape[-1:], *norm, self.epsilon)


def _behind(prefix: Tensor, own: Tensor) -> Tensor:
    """(heads, prefix, head), (count, heads, length, head) -> one after the other."""
    return torch.cat([prefix.expand(len(own), -1, -1, -1), own], dim=2)


def _groups(lengths: NDArray[np.integer]) -> list[tuple[int, int, int]]:
    """For each length its first token, how many texts have it, and the length itself."""
    distinct, counts = np.unique(lengths, return_counts=True)
    starts = np.concatenate([[0], np.cumsum(distinct * counts)[:-1]])
    return [(int(s), int(c), int(n)) for s, c, n in zip(starts, counts, distinct, strict=True)]


def _layer(weights: Weights, number: int, *, prefix: Tensor | None) -> Layer:
    own = f"encoder.layer.{number}."
    attention = own + "attention.self."
    return Layer(
        weights.linear(attention + "query", attention + "key", attention + "value"),
        weights.linear(own + "attention.output.dense"),
        weights.pair(own + "attention.output.LayerNorm"),
        weights.linear(own + "intermediate.dense"),
        weights.linear(own + "output.dense"),
        weights.pair(own + "output.LayerNorm"),
        None if prefix is None else (prefix[0], prefix[1]),
    )
