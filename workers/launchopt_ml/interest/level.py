"""How well a new product will sell, from what is true of it alone: one number for each product."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from launchopt_ml.interest.examples import Examples

RIDGE = 1.0  # with facts of spread 1: there are hundreds of launches, not thousands
SPREAD = 0.7  # variance of how well launches sell that no fact tells
MOST_LIKELY = 0.95


def base_log_odds(examples: Examples) -> NDArray[np.float32]:
    """(pairs,): the log-odds at which each pair's product was bought, drawn to the mean rate."""
    buyers, chances = of_groups(examples, examples.bought), of_groups(examples)
    overall = max(float(buyers.sum() / chances.sum()), 1e-6)
    rate = np.minimum((buyers + 0.5) / (chances + 0.5 / overall), MOST_LIKELY)
    return np.asarray(np.log(rate / (1 - rate))[examples.group], dtype=np.float32)


def level_of(
    launches: Examples,
    *,
    facts: NDArray[np.float32],
    taste: NDArray[np.float32],
    expected: NDArray[np.float64],
    half_life_days: float,
) -> tuple[NDArray[np.float64], float]:
    """Weights of `facts` (pairs, FACTS; of spread 1) and what is added: the level in log-odds.

    Ridge regression of how far above what `taste` (pairs,) alone would say each launch sold, drawn
    to the weights that are `expected`. One with few buyers says less, so does an old one; one seen
    in several episodes counts once.
    """
    offset = float(np.average(base_log_odds(launches), weights=launches.weight))
    usual = of_groups(launches, expit(taste + offset))
    buyers = of_groups(launches, launches.bought)
    group, first = np.unique(launches.group, return_index=True)
    above = np.log((buyers[group] + 0.5) / (usual[group] + 0.5))
    weight = 0.5 ** (launches.age[first] / half_life_days) / (SPREAD + 1 / (buyers[group] + 0.5))
    _, name, times = np.unique(launches.sku[first], return_inverse=True, return_counts=True)
    own = facts[first].astype(np.float64)
    weights, constant = _ridge(own, above - own @ expected, weight / times[name])
    return expected + weights, offset + constant


def of_groups(
    examples: Examples, value: NDArray[np.bool_] | NDArray[np.floating] | None = None
) -> NDArray[np.float64]:
    """(groups,): weighted sums over the pairs of each product in each episode."""
    weighted = examples.weight if value is None else examples.weight * value
    return np.bincount(examples.group, weighted).astype(np.float64)


def _ridge(
    facts: NDArray[np.float64], above: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Weights, and the constant, which is not drawn to 0."""
    weight = weight / weight.sum()
    middle, usual = weight @ facts, float(weight @ above)
    centred = facts - middle
    gram = centred.T @ (centred * weight[:, None]) + RIDGE * np.eye(facts.shape[1])
    pull = centred.T @ (weight * (above - usual))
    weights = np.asarray(np.linalg.solve(gram, pull), dtype=np.float64)
    return weights, usual - float(weights @ middle)
