"""How good a ranking and its probabilities were. Products are columns, customers are rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise

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


def ranking_of(
    score: NDArray[np.floating], *, bought: NDArray[np.bool_], rng: Generator
) -> Ranking | None:
    """Measures over products with buyers and others; None where there is no such product.

    Ties are broken by chance, so that a score that says nothing gains nothing.
    """
    buyers = bought.sum(0)
    judged = (buyers > 0) & (buyers < len(bought))
    if not judged.any():
        return None
    rows, columns = rng.permutation(len(score)), rng.permutation(int(judged.sum()))
    score = score[rows][:, judged][:, columns]
    bought = bought[rows][:, judged][:, columns]
    measures = [_of_product(score[:, k], bought[:, k]) for k in range(score.shape[1])]
    auc, top_tenth, top_hundredth, precision = np.mean(measures, axis=0)
    return Ranking(auc, top_tenth, top_hundredth, precision, ndcg_at(score, bought=bought, k=10))


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


def ndcg_at(score: NDArray[np.floating], *, bought: NDArray[np.bool_], k: int) -> float:
    """Mean over customers who bought something (Jarvelin and Kekalainen, 2002)."""
    some = bought.any(1)
    score, bought = score[some], bought[some]
    top = np.argsort(-score, axis=1, kind="stable")[:, :k]
    worth = 1 / np.log2(np.arange(2, 2 + top.shape[1]))
    gained = (np.take_along_axis(bought, top, axis=1) * worth).sum(1)
    ideal = np.cumsum(worth)[np.minimum(bought.sum(1), len(worth)) - 1]
    return float((gained / ideal).mean())


def calibration_error(
    probability: NDArray[np.floating], *, bought: NDArray[np.bool_], bins: int = 20
) -> float:
    """Expected calibration error over bins of equal mass (Naeini and others, 2015)."""
    said, true = probability.ravel().astype(np.float64), bought.ravel()
    if not len(said):
        return 0.0
    order = np.argsort(said, kind="stable")
    edges = np.linspace(0, len(said), bins + 1).astype(int)
    gaps = [
        abs(said[order[start:end]].sum() - true[order[start:end]].sum())
        for start, end in pairwise(edges)
    ]
    return float(sum(gaps) / len(said))
