"""One hour for each customer of a channel, so that nobody is counted twice."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from launchopt_core.errors import InvalidRate

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GOLDEN = (5**0.5 - 1) / 2  # its multiples spread evenly over [0, 1) however many there are


def hours_of_customers(count: int, weights: ArrayLike) -> Ints:
    """The one hour (an index into the weights) in which each customer of a channel stands.

    Customers come best first. Multiples of the golden ratio (Weyl's sequence) give every hour its
    share of the customers, and of the good ones among them; nobody stands in two.

    >>> np.bincount(hours_of_customers(1000, [3, 1])).tolist()
    [750, 250]
    """
    shares = np.asarray(weights, dtype=float)
    if shares.ndim != 1 or not np.isfinite(shares).all() or (shares < 0).any() or not shares.any():
        raise InvalidRate("Hours need weights of 0 or more, and at least one above 0.")
    places = np.arange(1, count + 1) * GOLDEN % 1.0
    edges = shares.cumsum() / shares.sum()
    edges[np.flatnonzero(shares)[-1] :] = 1.0  # no rounding error opens an hour without weight
    return np.searchsorted(edges, places, side="right")


def split_over_hours(probabilities: ArrayLike, weights: ArrayLike) -> list[Floats]:
    """An audience's probabilities by hour, each customer in one hour, best first within it."""
    best_first = np.sort(np.asarray(probabilities, dtype=float))[::-1]
    hours = hours_of_customers(len(best_first), weights)
    return [best_first[hours == hour] for hour in range(len(np.asarray(weights)))]
