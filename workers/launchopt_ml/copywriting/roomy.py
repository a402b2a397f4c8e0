"""A cache of keys and values that grows in steps: a token costs no copy of all before it."""

from __future__ import annotations

from typing import Any

import torch
from transformers import Cache
from transformers.cache_utils import DynamicLayer

ROOM = 256  # tokens by which it grows


class RoomyLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """One layer: (rows, heads, tokens, width), views of buffers with room behind them."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)  # type: ignore[no-untyped-call]
        self._buffers: tuple[torch.Tensor, torch.Tensor] | None = None

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Take in new keys and values; give all."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        used = self.get_seq_length()
        until = used + key_states.shape[-2]
        if self._buffers is None or until > self._buffers[0].shape[-2]:
            self._grow(key_states, value_states, used=used, until=until)
        assert self._buffers is not None, "it has just grown"
        keys, values = self._buffers
        keys[..., used:until, :], values[..., used:until, :] = key_states, value_states
        self.keys, self.values = keys[..., :until, :], values[..., :until, :]
        return self.keys, self.values

    def batch_select_indices(self, indices: torch.Tensor) -> None:
        """Go on with these rows, in buffers of their own."""
        super().batch_select_indices(indices)
        self._buffers = None

    def _grow(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *, used: int, until: int
    ) -> None:
        buffers = []
        known: torch.Tensor
        for new, known in ((key_states, self.keys), (value_states, self.values)):  # type: ignore[assignment]
            rows, heads, _, width = new.shape
            buffer = new.new_empty(rows, heads, until + ROOM, width)
            if used:
                buffer[..., :used, :] = known
            buffers.append(buffer)
        self._buffers = (buffers[0], buffers[1])


def roomy_cache() -> Cache:
    """An empty cache for a model of full attention."""
    return Cache(layer_class_to_replicate=RoomyLayer)
