"""Intervals by resampling the units that a mean is taken over (Efron, 1979), paired by their draws.

The same draws applied to two models give the interval of their difference on the same units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

RESAMPLES = 1_000
MOST_GROUPS = 2_000  # more units than this are drawn in groups put together by chance

Interval = tuple[float, float]


@dataclass(frozen=True)
class Draws:
    """How often each unit, or group of units, was drawn in each resample."""

    times: NDArray[np.float64]  # (resamples, groups)
    group: NDArray[np.integer]  # (units,), the group of each unit

    @classmethod
    def of(cls, units: int, *, rng: Generator, resamples: int = RESAMPLES) -> Draws:
        """Draws of this many units with replacement. Raises ValueError where there is no unit."""
        if units < 1:
            raise ValueError("There is nothing to draw from: give one unit or more.")
        groups = min(units, MOST_GROUPS)
        group = rng.permutation(units) % groups
        times = rng.multinomial(groups, np.full(groups, 1 / groups), size=resamples)
        return cls(times.astype(np.float64), group)

    def totals(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """(units, measures) -> (resamples, measures): sums over the units drawn."""
        groups = self.times.shape[1]
        by_group = [np.bincount(self.group, column, minlength=groups) for column in values.T]
        return np.asarray(self.times @ np.stack(by_group, axis=1), dtype=np.float64)

    def means(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """(units, measures) -> (resamples, measures): means over the units drawn."""
        sizes = np.bincount(self.group, minlength=self.times.shape[1])
        return self.totals(values) / (self.times @ sizes)[:, None]


def percentile_interval(samples: NDArray[np.floating], *, level: float = 0.95) -> Interval:
    """The middle `level` of the resampled values.

    >>> percentile_interval(np.arange(101), level=0.9)
    (5.0, 95.0)
    """
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(samples, [tail, 100 - tail])
    return float(low), float(high)
