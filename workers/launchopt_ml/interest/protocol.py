"""What every way to predict interest promises, so that one can be exchanged for another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from launchopt_ml.shop import Products, Shop

Reason = dict[str, Any]


class NotFitted(RuntimeError):
    """A model was asked to predict or to be saved before it was fitted or loaded."""


@dataclass(frozen=True)
class Launch:
    """New products to judge at an instant, for some days ahead."""

    products: Products
    as_of: np.datetime64
    horizon_days: float


class Session(Protocol):
    """A launch made ready against one shop: scored in blocks of customers, in any order."""

    @property
    def customers(self) -> NDArray[np.str_]:
        """Everyone known before `as_of`, by id."""

    def score(self, rows: slice) -> NDArray[np.float32]:
        """(customers in rows, products): the probability that the customer buys the product."""

    def reasons(self, *, product: int, customers: NDArray[np.integer]) -> list[list[Reason]]:
        """For each of these customers the named factors of its score, the strongest first."""


class Interest(Protocol):
    """A model of who buys what is new. A second fit forgets the first."""

    name: ClassVar[str]

    def fit(self, shop: Shop, *, as_of: np.datetime64, seed: int) -> Self:
        """Learn from what was known before `as_of`."""

    def prepare(self, shop: Shop, launch: Launch) -> Session:
        """Ready to score; nothing in `shop` at or after the launch's `as_of` matters."""

    def save(self, folder: Path) -> None:
        """Write safetensors and JSON."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The model as it was saved."""


def block_rows(count: int, *, products: int, features: int) -> Iterator[slice]:
    """Blocks of customers whose features take about 32 MB."""
    step = max(8_000_000 // max(products * features, 1), 1)
    return (slice(start, min(start + step, count)) for start in range(0, count, step))


def predict(
    model: Interest, shop: Shop, launch: Launch
) -> tuple[NDArray[np.str_], NDArray[np.float32]]:
    """All at once: ids (customers,), probabilities (customers, products). For few customers."""
    session = model.prepare(shop, launch)
    blocks = block_rows(len(session.customers), products=len(launch.products), features=64)
    parts = [session.score(rows) for rows in blocks]
    empty = np.zeros((0, len(launch.products)), dtype=np.float32)
    return session.customers, np.concatenate([empty, *parts])
