"""How launches move in time: each along its course, all of them with their season."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, log

import numpy as np
from numpy.typing import NDArray

from launchopt_core.forecast import apart

Floats = NDArray[np.float64]

EVEN = 20.0  # counts
PERIOD = 28.0  # days in which the level of launches makes one step
ASSUMED_STEP, STEPS = 0.4**2, 4.0  # of the logarithm of the level, and as how many seen it counts
ASSUMED_UNEVENNESS, PAIRS = 0.03, 50.0  # and as how many pairs of counts it weighs
MOST_UNEVEN = 0.2
FEWEST = 3  # launches that tell the level of a period


@dataclass(frozen=True)
class Period:
    """The launches that began in a period: how many, their counts and exposures all together."""

    number: int  # of periods back from now
    launches: int
    count: float
    squares: float  # sum of the squared counts
    exposure: float

    @property
    def level(self) -> float:
        """The logarithm of the count per exposure."""
        return log(self.count / self.exposure)

    @property
    def noise(self) -> float:
        """The variance of the level that comes from launches being few and unlike each other."""
        return max(self.squares / self.count**2 - 1 / self.launches, 0.0)


def step_of(periods: Sequence[Period]) -> float:
    """The variance of the step that the logarithm of all launches' level makes in a period.

    The steps between past periods, less what chance among the launches explains; few of them are
    drawn towards an assumed step, by which a season may sell half as much again.

    >>> quiet = [Period(n, 50, 500, 6000, 5e4) for n in range(12)]
    >>> 0.0 < step_of(quiet) < step_of([]) == ASSUMED_STEP
    True
    """
    told = sorted((p for p in periods if p.launches >= FEWEST and p.count > 0), key=_age)
    steps = [
        ((later.level - earlier.level) ** 2 - later.noise - earlier.noise)
        / (earlier.number - later.number)
        for later, earlier in pairwise(told)
    ]
    return (STEPS * ASSUMED_STEP + max(sum(steps), 0.0)) / (STEPS + len(steps))


def _age(period: Period) -> int:
    return period.number


def drift_of(step: float, *, season_days: Sequence[float], weights: Sequence[float]) -> float:
    """How far the level may have moved since launches of so many days of the year apart: a random
    walk's variance, at least that of one step.

    >>> drift_of(0.1, season_days=[0, 56], weights=[1, 1])
    0.15
    """
    periods = np.maximum(apart(np.asarray(season_days, dtype=float)) / PERIOD, 1.0)
    return round(step * float(np.average(periods, weights=weights)), 12)


def curve_of(
    by_day: Sequence[Sequence[float]] | Floats, weights: Sequence[float], *, length_days: float
) -> list[float]:
    """The share of a launch's count that has come by the end of each day, the last one being 1.

    Of past launches' counts by day, (launches, days), each launch with its weight, and an even
    course that weighs as much as EVEN counts.

    >>> curve_of([[30, 10]], [1], length_days=2.0)
    [0.6666666666666666, 1.0]
    """
    days = max(ceil(length_days), 1)
    ends = np.minimum(np.arange(1, days + 1) / length_days, 1.0)
    counted = EVEN * np.diff(ends, prepend=0.0)
    if len(weights):
        counted += np.asarray(weights, dtype=float) @ np.asarray(by_day, dtype=float)
    shares = np.cumsum(counted)
    return [float(share) for share in shares / shares[-1]]


def share_over(curve: Sequence[float], *, days: float) -> float:
    """The share that has come after so many days; a day passes evenly.

    >>> share_over([0.6, 1.0], days=1.5), share_over([0.6, 1.0], days=9)
    (0.8, 1.0)
    """
    return float(np.interp(days, np.arange(len(curve) + 1), [0.0, *curve]))


def unevenness_of(
    by_day: Sequence[Sequence[float]] | Floats, weights: Sequence[float], curve: Sequence[float]
) -> float:
    """How far launches stray from the common curve: how much more alike two purchases of a launch
    are in coming early or late than two of different launches, 0 to MOST_UNEVEN.

    The intraclass correlation of a Dirichlet-multinomial by its moments (Mosimann, 1962,
    Biometrika 49), over the ends of all days but the last.

    >>> even, uneven = [[5, 5], [5, 5]], [[9, 1], [1, 9]]
    >>> unevenness_of(even, [1, 1], [0.5, 1]) < unevenness_of(uneven, [1, 1], [0.5, 1])
    True
    """
    counts = np.asarray(by_day, dtype=float)
    days, over = len(curve) - 1, np.asarray(curve[:-1], dtype=float)
    strayed = pairs = 0.0
    if len(weights) and days:
        weight = np.asarray(weights, dtype=float)
        total, come = counts.sum(1), np.cumsum(counts, axis=1)[:, :-1]
        chance = over * (1 - over)
        apart_by = ((come - total[:, None] * over) ** 2).sum(1) - total * chance.sum()
        strayed = max(float(weight @ apart_by), 0.0) / days
        pairs = float(weight @ (total * (total - 1))) * float(chance.sum()) / days
    found = (strayed + ASSUMED_UNEVENNESS * PAIRS) / (pairs + PAIRS)
    return min(found, MOST_UNEVEN)
