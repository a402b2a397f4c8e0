"""The matrices of an encoder, in float or in int8, behind the same two calls.

Int8 keeps a scale for each row of a matrix, found once, and for each token, found as it comes
(dynamic quantisation): products are summed in int32 and scaled back. The CPU's int8 instructions
do it in a quarter of the time; elsewhere the matrix is turned back into floats when it is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

# oneDNN's own entries, where the build has them: a product and its GELU at once, and weights laid
# out beforehand as it wants them. Without them the same is done in more steps.
FUSED = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
REORDER = getattr(torch.ops.mkldnn, "_reorder_linear_weight", None) if FUSED else None
USUAL_TOKENS = 2048  # of a batch, which the layout is chosen for
INT8 = 127.0


class Linear(Protocol):
    """A matrix and a bias."""

    def __call__(self, states: Tensor) -> Tensor:
        """(tokens, in) -> (tokens, out)."""

    def gelu(self, states: Tensor) -> Tensor:
        """The same, then GELU."""


class Table(Protocol):
    """A row for each token of the vocabulary."""

    def __call__(self, ids: Tensor) -> Tensor:
        """(tokens,) -> (tokens, width)."""


@dataclass(frozen=True)
class FloatLinear:
    """The plain product."""

    weight: Tensor  # (out, in)
    bias: Tensor  # (out,)

    def __call__(self, states: Tensor) -> Tensor:
        """(tokens, in) -> (tokens, out)."""
        return F.linear(states, self.weight, self.bias)

    def gelu(self, states: Tensor) -> Tensor:
        """The same, then GELU."""
        return F.gelu(self(states))


@dataclass(frozen=True)
class FusedLinear:
    """The product as oneDNN does it, for float32 on the CPU."""

    weight: Tensor  # (out, in), laid out anew
    bias: Tensor

    def __call__(self, states: Tensor) -> Tensor:
        """(tokens, in) -> (tokens, out)."""
        assert FUSED is not None
        product: Tensor = FUSED(states, self.weight, self.bias, "none", [], "")
        return product

    def gelu(self, states: Tensor) -> Tensor:
        """The same and GELU at once."""
        assert FUSED is not None
        product: Tensor = FUSED(states, self.weight, self.bias, "gelu", [], "none")
        return product


@dataclass(frozen=True)
class Int8Linear:
    """The product in int8, a scale for each token and each column."""

    weight: Tensor  # (in, out) int8
    scale: Tensor  # (out,) of a unit of the weight
    bias: Tensor

    def __call__(self, states: Tensor) -> Tensor:
        """(tokens, in) -> (tokens, out)."""
        unit = states.abs().amax(1, keepdim=True).clamp_(min=1e-12) / INT8  # (tokens, 1)
        whole = (states / unit).round_().to(torch.int8)
        return torch.addcmul(self.bias, torch._int_mm(whole, self.weight) * unit, self.scale)

    def gelu(self, states: Tensor) -> Tensor:
        """The same, then GELU."""
        return F.gelu(self(states))


@dataclass(frozen=True)
class FloatTable:
    """Rows as they are."""

    rows: Tensor  # (vocabulary, width)

    def __call__(self, ids: Tensor) -> Tensor:
        """(tokens,) -> (tokens, width)."""
        return self.rows[ids]


@dataclass(frozen=True)
class Int8Table:
    """Rows in int8, scaled when they are looked up."""

    rows: Tensor  # (vocabulary, width) int8
    scale: Tensor  # (vocabulary,)

    def __call__(self, ids: Tensor) -> Tensor:
        """(tokens,) -> (tokens, width)."""
        return self.rows[ids] * self.scale[ids, None]


@dataclass(frozen=True)
class Weights:
    """The tensors of an encoder by name, on one device and in one type. A matrix that has a
    `.scale` beside its `.weight` is in int8."""

    tensors: Mapping[str, Tensor]
    device: torch.device
    dtype: torch.dtype

    def tensor(self, name: str) -> Tensor:
        """One of them, in floats."""
        return self.tensors[name].to(self.device, self.dtype)

    def pair(self, name: str) -> tuple[Tensor, Tensor]:
        """The weight and the bias of a norm."""
        return self.tensor(name + ".weight"), self.tensor(name + ".bias")

    def table(self, name: str) -> Table:
        """A lookup."""
        if self._stays_int8(name):
            return Int8Table(self.tensors[name + ".weight"], self.tensor(name + ".scale"))
        return FloatTable(self._floats(name))

    def linear(self, *names: str) -> Linear:
        """Several matrices of one input as one, in the quickest form that they and the device
        allow."""
        bias = torch.cat([self.tensor(name + ".bias") for name in names])
        if all(self._stays_int8(name) for name in names):
            whole = torch.cat([self.tensors[name + ".weight"] for name in names])
            scale = torch.cat([self.tensor(name + ".scale") for name in names])
            return Int8Linear(whole.t(), scale, bias)
        weight = torch.cat([self._floats(name) for name in names])
        if REORDER and self.device.type == "cpu" and self.dtype == torch.float32:
            return FusedLinear(REORDER(weight, USUAL_TOKENS), bias)
        return FloatLinear(weight, bias)

    def _stays_int8(self, name: str) -> bool:
        return name + ".scale" in self.tensors and self.device.type == "cpu"

    def _floats(self, name: str) -> Tensor:
        weight = self.tensor(name + ".weight")
        scaled = name + ".scale" in self.tensors
        return weight * self.tensor(name + ".scale")[:, None] if scaled else weight


def in_int8(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """(rows, columns) as int8 and the scale of each row, so that no entry is off by more than
    half a unit.

    >>> in_int8(torch.tensor([[1.0, -0.5], [0.0, 0.0]]))[0]
    tensor([[127, -64],
            [  0,   0]], dtype=torch.int8)
    """
    scale = matrix.abs().amax(1).clamp(min=1e-12) / INT8
    return torch.round(matrix / scale[:, None]).to(torch.int8), scale
