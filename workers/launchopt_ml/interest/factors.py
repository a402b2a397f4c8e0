"""What is bought by the same customers: products as points, close where bought alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

RANK = 48
SPARE = 16  # directions more than are kept, so that those kept are found well
ROUNDS = 5
MOST_CUSTOMERS = 100_000  # evenly drawn; more tell no more of which products go together
LEAST = 1e-3  # of the largest singular value: below it there is nothing


@dataclass(frozen=True)
class Factors:
    """Singular vectors of who bought what, neither great buyers nor great sellers louder."""

    of_products: NDArray[np.float32]  # (products, rank), where each known product lies
    of_purchases: NDArray[np.float32]  # (products, rank), where having each draws a customer

    @classmethod
    def of(cls, bought: sp.csr_matrix) -> Self:
        """From (customers, products), by subspace iteration (Halko and others, 2011).

        The start is drawn with a fixed seed: the same purchases give the same factors.
        """
        buyers = np.maximum(np.asarray(bought.sum(0)).ravel(), 1)
        balanced = _balanced(bought[:: -(-bought.shape[0] // MOST_CUSTOMERS) or 1])
        vectors, values = _singular(balanced)
        root = np.sqrt(values)
        alone = vectors / root / np.sqrt(buyers)[:, None]
        return cls((vectors * root).astype(np.float32), alone.astype(np.float32))


def _balanced(bought: sp.csr_matrix) -> sp.csr_matrix:
    """Divided by the roots of how many each customer bought and of how many bought each product."""
    width = np.maximum(np.asarray(bought.sum(1)).ravel(), 1)
    buyers = np.maximum(np.asarray(bought.sum(0)).ravel(), 1)
    scaled = sp.diags(1 / np.sqrt(width)) @ bought @ sp.diags(1 / np.sqrt(buyers))
    return sp.csr_matrix(scaled, dtype=np.float32)


def _singular(matrix: sp.csr_matrix) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Right singular vectors (columns, rank), the largest first, and their values (rank,)."""
    columns = matrix.shape[1]
    width = min(RANK + SPARE, *matrix.shape)
    if not matrix.nnz:
        return np.zeros((columns, 1), dtype=np.float32), np.ones(1, dtype=np.float32)
    turned = matrix.T.tocsr()
    basis = np.random.default_rng(0).standard_normal((columns, width)).astype(np.float32)
    for _ in range(ROUNDS):
        basis = np.linalg.qr(turned @ (matrix @ basis))[0]
    spread = matrix @ basis
    squares, turn = np.linalg.eigh((spread.T @ spread).astype(np.float64))
    values = np.sqrt(np.maximum(squares[::-1], 0))[:RANK]
    kept = values > LEAST * values[0]
    vectors = (basis @ turn[:, ::-1])[:, :RANK][:, kept]
    return vectors.astype(np.float32), values[kept].astype(np.float32)


def of_length_1(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Each row divided by its length; one of length 0 stays."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(length, 1e-9), dtype=np.float32)
