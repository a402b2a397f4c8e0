"""New products drawn by chance, with the chance each had: the same draw all day, and kept when
another product joins.

Each product of the pool runs a race (Efraimidis and Spirakis, 2006): its time is exponential with
its weight as rate, from a hash of customer, product and day. The first ones are drawn, one by one
without replacement in proportion to the weights, and who joins later changes nobody's time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

LIGHTEST = 1e-7  # weight; what is lighter runs as if it weighed this


def hashed(names: Iterable[str]) -> NDArray[np.uint64]:
    """64 bits of each name."""
    digests = (hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names)
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def uniform(
    customers: NDArray[np.uint64], products: NDArray[np.uint64], days: NDArray[np.integer]
) -> NDArray[np.float64]:
    """In (0, 1), from hashes and whole days since 1970, which broadcast against each other."""
    mixed = _mixed(customers + _mixed(products + _mixed(days.astype(np.uint64))))
    fractions: NDArray[np.float64] = (mixed >> np.uint64(11)).astype(np.float64)
    return (fractions + 0.5) / 2.0**53


def times(chance: NDArray[np.float64], *, weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """When each reaches its goal; never (infinity) without weight."""
    runs = weight > 0
    return np.where(runs, -np.log(chance) / np.maximum(weight, LIGHTEST), np.inf)


def drawn(
    time: NDArray[np.float64],
    *,
    weight: NDArray[np.float64],
    count: int,
    total: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.integer], NDArray[np.float64]]:
    """(rows, at most count) places of the first to arrive, and each one's propensity.

    The propensity is the chance that this one was drawn at its turn, given those drawn before it;
    0 where nobody was left. `total` (rows,) is the weight of the whole pool, if not that of
    `weight` (rows, products).
    """
    count = min(count, time.shape[1])
    place = np.argsort(time, axis=1, kind="stable")[:, :count]
    runs = np.isfinite(np.take_along_axis(time, place, axis=1))
    own = np.where(runs, np.maximum(np.take_along_axis(weight, place, axis=1), LIGHTEST), 0.0)
    whole = weight_of(weight) if total is None else total
    left = whole[:, None] - np.cumsum(own, axis=1) + own
    propensity = np.where(runs, own / np.maximum(left, np.maximum(own, LIGHTEST)), 0.0)
    return place, propensity


def weight_of(weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """(rows,): what all runners of a row weigh."""
    total: NDArray[np.float64] = np.where(weight > 0, np.maximum(weight, LIGHTEST), 0).sum(axis=1)
    return total


def _mixed(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """splitmix64 (Steele, Lea and Flood, 2014), which wraps around."""
    with np.errstate(over="ignore"):
        value = value + np.uint64(0x9E3779B97F4A7C15)
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return value ^ (value >> np.uint64(31))
