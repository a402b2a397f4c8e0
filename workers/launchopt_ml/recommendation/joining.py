"""New products join lists that stand: by their chance among the ranked, or in the draw.

What comes out is what would have been made with them from the start, but for diversity, which only
the making of a list heeds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from launchopt_ml.recommendation import exploration
from launchopt_ml.recommendation.places import NOTHING, slots_of
from launchopt_ml.recommendation.seating import Drawn, Seats, among, seated


@dataclass(frozen=True)
class Standing:
    """Lists as they stand, one row for each customer, in the order of their ranks."""

    seats: Seats  # (rows, places)
    is_new: NDArray[np.bool_]  # (rows, places): nobody had bought it
    customers: NDArray[np.uint64]  # (rows,), hashes of their ids
    days: NDArray[np.integer]  # (rows,), of which the lists are, as whole days since 1970


@dataclass(frozen=True)
class Newcomers:
    """Products that join. What has a chance of 0 joins nobody's list."""

    product: NDArray[np.integer]  # (newcomers,)
    chance: NDArray[np.float64]  # (rows, newcomers)


def joined(
    standing: Standing,
    newcomers: Newcomers,
    *,
    hashes: NDArray[np.uint64],
    count: int,
    every: int,
) -> Seats:
    """The lists with the newcomers, (rows, count). `hashes` is indexed by product."""
    rows, stands = len(standing.days), standing.seats
    new = np.broadcast_to(newcomers.product, (rows, len(newcomers.product)))
    chance = np.where(among(new, stands.product), 0.0, newcomers.chance)
    product, score = _ranked(stands, new, chance)
    slots = slots_of(count, every=every)
    drawn = _drawn(standing, new, chance, product[:, : count - slots], hashes=hashes, count=slots)
    return seated(product, score, drawn, count=count, every=every)


def _ranked(
    stands: Seats, new: NDArray[np.integer], chance: NDArray[np.float64]
) -> tuple[NDArray[np.integer], NDArray[np.float64]]:
    """Who stands by its score, and the newcomers, best first; of equal ones who stood before."""
    by_score = np.isnan(stands.propensity) & (stands.product != NOTHING)
    product = np.concatenate([stands.product, new], axis=1)
    score = np.concatenate([stands.score, chance], axis=1)
    some = np.concatenate([by_score, chance > 0], axis=1)
    order = np.argsort(np.where(some, -score, np.inf), axis=1, kind="stable")
    product = np.where(some, product, NOTHING)
    return np.take_along_axis(product, order, axis=1), np.take_along_axis(score, order, axis=1)


def _drawn(
    standing: Standing,
    new: NDArray[np.integer],
    chance: NDArray[np.float64],
    ranked: NDArray[np.integer],
    *,
    hashes: NDArray[np.uint64],
    count: int,
) -> Drawn:
    """The draw of who had been drawn, and of what is new and does not stand among the ranked.

    Who had lost the draw loses it again.
    """
    stands = standing.seats
    was_drawn = stands.propensity > 0
    product = np.concatenate([stands.product, new], axis=1)
    adds = np.concatenate([standing.is_new & ~was_drawn, chance > 0], axis=1)
    adds &= ~among(product, ranked) & (product != NOTHING)
    stood = np.pad(was_drawn, ((0, 0), (0, new.shape[1])))
    every_weight = np.concatenate([stands.score, chance], axis=1)
    weight = np.where(adds | stood, every_weight, 0.0)
    uniform = exploration.uniform(
        standing.customers[:, None], hashes[product], standing.days[:, None]
    )
    time = exploration.times(uniform, weight=weight)
    total = _weight_of_pool(stands, was_drawn) + exploration.weight_of(np.where(adds, weight, 0.0))
    place, propensity = exploration.drawn(time, weight=weight, count=count, total=total)
    taken = np.take_along_axis(product, place, axis=1)
    weight = np.take_along_axis(weight, place, axis=1)
    return Drawn(np.where(propensity > 0, taken, NOTHING), weight, propensity)


def _weight_of_pool(stands: Seats, was_drawn: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(rows,): of all that a list was drawn from, told by the first that was drawn."""
    first = was_drawn.argmax(axis=1)[:, None]
    weight = np.take_along_axis(stands.score, first, axis=1)[:, 0]
    propensity = np.take_along_axis(stands.propensity, first, axis=1)[:, 0]
    drew = was_drawn.any(axis=1)
    weight = np.maximum(weight, exploration.LIGHTEST)
    return np.where(drew, weight / np.where(drew, propensity, 1.0), 0.0)
