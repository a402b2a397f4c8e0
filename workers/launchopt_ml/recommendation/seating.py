"""Who stands at which place of a list: the ranked in their order, what is drawn in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from launchopt_ml.recommendation.places import NOTHING, placed


@dataclass(frozen=True)
class Seats:
    """(rows, places) each. NOTHING, 0 and NaN where nobody stands."""

    product: NDArray[np.integer]
    score: NDArray[np.float64]
    propensity: NDArray[np.float64]  # NaN where the score put it there


@dataclass(frozen=True)
class Drawn:
    """(rows, draws) each: new products in the order of the draw, NOTHING where none was left."""

    product: NDArray[np.integer]
    weight: NDArray[np.float64]
    propensity: NDArray[np.float64]


def seated(
    product: NDArray[np.integer],
    score: NDArray[np.float64],
    drawn: Drawn,
    *,
    count: int,
    every: int,
) -> Seats:
    """The ranked (rows, r), NOTHING for none, with what was drawn at the end of each `every`."""
    left = (product != NOTHING) & ~among(product, drawn.product)
    by_rank, by_draw = placed(left, drawn.product != NOTHING, count=count, every=every)
    nothing_drawn = np.full(product.shape, np.nan)
    return Seats(
        _either(product, by_rank, drawn.product, by_draw, neither=NOTHING),
        _either(score, by_rank, drawn.weight, by_draw, neither=0.0),
        _either(nothing_drawn, by_rank, drawn.propensity, by_draw, neither=np.nan),
    )


def among(some: NDArray[np.integer], others: NDArray[np.integer]) -> NDArray[np.bool_]:
    """(rows, some): is it one of the row's others? NOTHING is nobody's."""
    found = (some[:, :, None] == others[:, None, :]) & (some[:, :, None] != NOTHING)
    return np.asarray(found.any(axis=2), dtype=bool)


def _either(
    ranked: NDArray[Any],
    by_rank: NDArray[np.integer],
    drawn: NDArray[Any],
    by_draw: NDArray[np.integer],
    *,
    neither: float,
) -> NDArray[Any]:
    """At each place the ranked or the drawn one that stands there."""
    result = np.full(by_rank.shape, neither, dtype=ranked.dtype)
    for values, places in ((ranked, by_rank), (drawn, by_draw)):
        row, place = np.nonzero(places != NOTHING)
        result[row, place] = values[row, places[row, place]]
    return result
