"""How many purchases or clicks a launch will see, from launches like it and from what it shows.

Launches differ in their rate by a gamma distribution; what each counts at its rate is Poisson. The
gamma is fitted to similar past launches (Clayton and Kaldor, 1987, Biometrics 43), and what a
running launch has counted updates it by Bayes' rule; what is still to come is negative binomial.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from launchopt_core.errors import InvalidRate

Floats = NDArray[np.float64]

LEVEL = 0.8
LEAST_SPREAD = 0.3  # of the mean rate: launches differ by so much, whatever a few of them show
EVEN = 20.0  # counts
LEAST_MEAN = 0.5  # counts that nothing at all in every similar launch is taken for


@dataclass(frozen=True)
class Rates:
    """What is believed of a launch's rate per unit of exposure: gamma of a shape and a rate."""

    shape: float
    rate: float

    def __post_init__(self) -> None:
        if not (self.shape > 0 and self.rate > 0):
            raise InvalidRate(f"Shape and rate of a gamma lie above 0: {self}.")

    @property
    def mean(self) -> float:
        return self.shape / self.rate


@dataclass(frozen=True)
class Expected:
    """The count at the end, with the interval that holds it with the asked certainty."""

    mean: float
    low: float
    high: float


def rates_of(
    counts: Sequence[float], exposures: Sequence[float], weights: Sequence[float]
) -> Rates:
    """The gamma of the rates of past launches, each with a weight, by their moments.

    The variance of a new launch's rate is that between the launches, widened for being learned
    from few of them. Raises InvalidRate where there is nothing to learn from.

    >>> learned = rates_of([90, 110, 100], [1000, 1000, 1000], [1, 1, 1])
    >>> round(learned.mean, 3), round(learned.shape, 1)
    (0.1, 8.3)
    """
    count, exposure, weight = (np.asarray(a, dtype=float) for a in (counts, exposures, weights))
    if not len(count) or not (weight * exposure).sum() > 0:
        raise InvalidRate("There is no past launch to learn a rate from.")
    total = float((weight * exposure).sum())
    mean = max(float((weight * count).sum()), LEAST_MEAN * float(weight.max())) / total
    share = weight * exposure / total
    found = np.divide(count, exposure, out=np.full(len(count), mean), where=exposure > 0)
    noise = mean * float(weight.sum()) / total
    between = float((share * (found - mean) ** 2).sum()) - noise
    launches = 1 / float((share**2).sum())  # in effect (Kish, 1965)
    spread = max(between, (LEAST_SPREAD * mean) ** 2) * (launches + 1) / launches
    return Rates(mean**2 / spread, mean / spread)


def updated(rates: Rates, *, seen: float, exposure: float) -> Rates:
    """The belief after so much was counted over so much exposure."""
    return Rates(rates.shape + seen, rates.rate + exposure)


def expected(
    rates: Rates, *, exposure: float, share: float = 0.0, seen: float = 0.0, level: float = LEVEL
) -> Expected:
    """The count at the end of a launch of this exposure, of which a share is over.

    >>> before = expected(Rates(4, 40), exposure=1000)
    >>> after = expected(Rates(4, 40), exposure=1000, share=0.5, seen=80)
    >>> round(before.mean), round(after.mean), after.high - after.low < before.high - before.low
    (100, 158, True)
    """
    if not (0 <= share <= 1 and seen >= 0 and exposure >= 0):
        raise InvalidRate(f"A share of {share} and a count of {seen} cannot be.")
    belief = updated(rates, seen=seen, exposure=share * exposure)
    left = (1 - share) * exposure
    if left <= 0:
        return Expected(seen, seen, seen)
    success = belief.rate / (belief.rate + left)
    tail = (1 - level) / 2
    low, high = stats.nbinom.ppf([tail, 1 - tail], belief.shape, success)
    return Expected(seen + belief.mean * left, seen + float(low), seen + float(high))


def curve_of(by_day: Sequence[float], *, length_days: float) -> list[float]:
    """The share of a launch's count that has come by the end of each day, the last one being 1.

    Of past launches' counts by day, and an even course that weighs as much as EVEN counts.

    >>> curve_of([30, 10], length_days=2.0)
    [0.6666666666666666, 1.0]
    """
    days = max(ceil(length_days), 1)
    ends = np.minimum(np.arange(1, days + 1) / length_days, 1.0)
    even = EVEN * np.diff(ends, prepend=0.0)
    counted = np.zeros(days)
    counted[: len(by_day)] = by_day
    shares = np.cumsum(counted + even)
    return [float(share) for share in shares / shares[-1]]


def share_over(curve: Sequence[float], *, days: float) -> float:
    """The share that has come after so many days; a day passes evenly.

    >>> share_over([0.6, 1.0], days=1.5), share_over([0.6, 1.0], days=9)
    (0.8, 1.0)
    """
    return float(np.interp(days, np.arange(len(curve) + 1), [0.0, *curve]))


def likeness(*, similarity: Floats, price_ratio: Floats, season_days: Floats) -> Floats:
    """How much each past launch counts: by its content, price and season, each in 0 to 1.

    `similarity` is the cosine of the texts, `price_ratio` the past price over the new one (NaN
    where unknown), `season_days` the distance of the days of the year.
    """
    content = np.exp(-(1 - np.clip(similarity, 0, 1)) / CONTENT)
    price = np.exp(-np.abs(np.log(np.where(price_ratio > 0, price_ratio, 1.0))) / PRICE)
    season = np.exp(-np.minimum(season_days, 365 - season_days) / SEASON)
    return np.asarray(content * price * season, dtype=np.float64)


CONTENT = 0.1  # of the cosine, in which a launch's weight falls to 1/e
PRICE = 1.0  # of the logarithm of the price
SEASON = 60.0  # days of the year
