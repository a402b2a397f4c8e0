"""How good a ranking and its probabilities were. Products are columns, customers are rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray


@dataclass(frozen=True)
class Ranking:
    """Means over products of how well customers were ranked, and over customers of products."""

    auc: float
    lift_at_10: float
    lift_at_1: float
    map: float
    ndcg_at_10: float

    def as_dict(self) -> dict[str, float]:
        """Plain numbers."""
        return {name: round(float(value), 5) for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Judged:
    """What each product and each customer adds to the means: the units of a bootstrap."""

    products: NDArray[np.float64]  # (products, 4): AUC, lift in the top tenth and hundredth, AP
    customers: NDArray[np.float64]  # (customers who bought, 1): NDCG at 10

    @property
    def ranking(self) -> Ranking:
        """The means."""
        auc, top_tenth, top_hundredth, precision = self.products.mean(0)
        return Ranking(auc, top_tenth, top_hundredth, precision, float(self.customers.mean()))


def ranking_of(
    score: NDArray[np.floating], *, bought: NDArray[np.bool_], rng: Generator
) -> Ranking | None:
    """Measures over products with buyers and others; None where there is no such product."""
    judged = judged_of(score, bought=bought, rng=rng)
    return judged.ranking if judged else None


def judged_of(
    score: NDArray[np.floating], *, bought: NDArray[np.bool_], rng: Generator
) -> Judged | None:
    """The same apart for each product and customer, in their order; None without such a product.

    Ties are broken by chance, so that a score that says nothing gains nothing.
    """
    buyers = bought.sum(0)
    counted = (buyers > 0) & (buyers < len(bought))
    if not counted.any():
        return None
    rows, columns = rng.permutation(len(score)), rng.permutation(int(counted.sum()))
    score = score[rows][:, counted][:, columns]
    bought = bought[rows][:, counted][:, columns]
    products = np.array([_of_product(score[:, k], bought[:, k]) for k in range(score.shape[1])])
    gains = np.full(len(rows), np.nan)
    gains[rows] = ndcg_of_customers(score, bought=bought, k=10)
    return Judged(products[np.argsort(columns)], gains[~np.isnan(gains)][:, None])


def _of_product(
    score: NDArray[np.floating], bought: NDArray[np.bool_]
) -> tuple[float, float, float, float]:
    """AUC, lift in the top tenth and hundredth, average precision."""
    ranked = bought[np.argsort(-score, kind="stable")]
    place = np.flatnonzero(ranked)  # of the buyers, from 0
    count, total = len(place), len(ranked)
    beaten = place.sum() - count * (count - 1) / 2
    auc = 1 - beaten / (count * (total - count))
    precision = (np.arange(1, count + 1) / (place + 1)).mean()
    return auc, _lift(ranked, share=0.1), _lift(ranked, share=0.01), precision


def _lift(ranked: NDArray[np.bool_], *, share: float) -> float:
    top = int(np.ceil(share * len(ranked)))
    return float(ranked[:top].mean() / ranked.mean())


def ndcg_of_customers(
    score: NDArray[np.floating], *, bought: NDArray[np.bool_], k: int
) -> NDArray[np.float64]:
    """(customers,), NaN for who bought nothing (Jarvelin and Kekalainen, 2002)."""
    some = np.asarray(bought.any(1))
    score, bought = score[some], bought[some]
    top = np.argsort(-score, axis=1, kind="stable")[:, :k]
    worth = 1 / np.log2(np.arange(2, 2 + top.shape[1]))
    gained = (np.take_along_axis(bought, top, axis=1) * worth).sum(1)
    ideal = np.cumsum(worth)[np.minimum(bought.sum(1), len(worth)) - 1]
    found = np.full(len(some), np.nan)
    found[some] = gained / ideal
    return found


def calibration_error(
    probability: NDArray[np.floating], *, bought: NDArray[np.bool_], bins: int = 20
) -> float:
    """Expected calibration error over bins of equal mass (Naeini and others, 2015)."""
    if not probability.size:
        return 0.0
    return float(np.abs(calibration_gaps(probability, bought=bought, bins=bins).sum(0)).sum())


def calibration_gaps(
    probability: NDArray[np.floating], *, bought: NDArray[np.bool_], bins: int = 20
) -> NDArray[np.float64]:
    """(products, bins): what each product adds to predicted minus actual, as a share of all pairs.

    The bins hold equal numbers of all pairs. A vector counts as one product.
    """
    said, true = np.atleast_2d(probability.T), np.atleast_2d(bought.T)  # (products, customers)
    place = np.empty(said.size, dtype=np.int64)
    place[np.argsort(said, axis=None, kind="stable")] = np.arange(said.size)
    bin_of = place * bins // said.size
    cell = bin_of + bins * np.repeat(np.arange(len(said)), said.shape[1])
    gap = (said.astype(np.float64) - true).ravel()
    summed = np.bincount(cell, gap, minlength=bins * len(said))
    return summed.reshape(len(said), bins) / said.size
