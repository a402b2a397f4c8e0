"""Whether what happens now is still like what a model learned from: the spread of its scores, and
how well launches sell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.stats import t as student

SMALLEST_SHARE = 1e-4  # an empty class would make the index infinite
USUAL_SWING = log(1.5)  # launches of one season sell half as much again as those of another
WORTH = 4.0  # seasons that this assumption counts as
LEVEL = 0.8  # of seasons that the interval is to hold


def population_stability(
    expected: NDArray[np.floating] | NDArray[np.integer],
    actual: NDArray[np.floating] | NDArray[np.integer],
) -> float:
    """The population stability index of two histograms over the same classes (Siddiqi, 2006).

    Below 0.1 nothing has moved, above 0.25 much has.

    >>> population_stability(np.array([50, 50]), np.array([5, 5]))
    0.0
    """
    before, now = _shares(expected), _shares(actual)
    return float(((now - before) * np.log(now / before)).sum())


def usual_instability(
    products: NDArray[np.integer],
    *,
    together: int,
    rng: Generator,
    draws: int = 500,
    level: float = 0.99,
) -> float:
    """(products, classes): the index that `together` products drawn from these have by chance.

    Products differ from each other, so that a few of them never spread like all: only what is
    above this is news.
    """
    whole = products.sum(0)
    chosen = rng.integers(0, len(products), (draws, together))
    found = [population_stability(whole, products[rows].sum(0)) for rows in chosen]
    return float(np.quantile(found, level))


def _shares(counts: NDArray[np.floating] | NDArray[np.integer]) -> NDArray[np.float64]:
    total = counts.sum()
    if total <= 0:
        raise ValueError("A histogram without a single count has no shares.")
    return np.asarray(np.maximum(counts / total, SMALLEST_SHARE), dtype=np.float64)


@dataclass(frozen=True)
class Swing:
    """How far the level at which launches sell has strayed from what was expected of it."""

    spread: float  # of the logarithm of actual / predicted
    freedom: float  # degrees of freedom: how much is behind it

    @classmethod
    def of(cls, ratios: Sequence[float], *, seasons: float | None = None) -> Swing:
        """From actual / predicted of earlier launches; `seasons` where windows overlap.

        The assumption USUAL_SWING counts as WORTH seasons (scaled inverse chi-squared; Gelman and
        others, 2013, section 3.2), so that one lucky season does not promise certainty.

        >>> Swing.of([]).freedom, round(Swing.of([2.0, 0.5] * 50).spread, 2)
        (4.0, 0.69)
        """
        logs = np.log(np.maximum(np.asarray(ratios, dtype=np.float64), 1e-3))
        count = float(len(logs) if seasons is None else min(seasons, len(logs)))
        square = float((logs**2).mean()) if len(logs) else 0.0
        freedom = WORTH + count
        variance = (WORTH * USUAL_SWING**2 + count * square) / freedom
        return cls(sqrt(variance), freedom)

    def interval(self, predicted: float, *, level: float = LEVEL) -> tuple[float, float]:
        """Buyers that `level` of seasons bring where so many are predicted."""
        if predicted <= 0:
            return 0.0, 0.0
        wide = sqrt(self.spread**2 + 1 / predicted)  # buyers are counted one by one
        reach = float(student.ppf((1 + level) / 2, self.freedom)) * wide
        return predicted * exp(-reach), predicted * exp(reach)
