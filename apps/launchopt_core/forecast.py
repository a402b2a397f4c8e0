"""How many purchases or clicks a launch will see, from launches like it and from what it shows.

Launches differ in their rate by a gamma distribution; what each counts at its rate is Poisson. The
gamma is fitted to similar past launches (Clayton and Kaldor, 1987, Biometrics 43). The level of all
launches wanders from season to season, and no launch comes by the common curve: both are doubts
that past launches tell the size of. What a running launch has counted updates all three by Bayes'
rule, summed over a grid of levels and courses; what is still to come is then a mixture of negative
binomials.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from launchopt_core.errors import InvalidRate

Floats = NDArray[np.float64]

LEVEL = 0.8
LEAST_SPREAD = 0.3  # of the mean rate: launches differ by so much, whatever a few of them show
LEAST_MEAN = 0.5  # counts that nothing at all in every similar launch is taken for
POINTS = 15  # of the grid, for the level and for the course each


@dataclass(frozen=True)
class Rates:
    """What is believed of a launch's rate per unit of exposure: gamma of a shape and a rate.

    `drift` is the variance of the logarithm of the level that all launches of its time share,
    `unevenness` how far launches stray from the common course: 0 not at all, 1 all at one moment.
    """

    shape: float
    rate: float
    drift: float = 0.0
    unevenness: float = 0.0

    def __post_init__(self) -> None:
        if not (self.shape > 0 and self.rate > 0):
            raise InvalidRate(f"Shape and rate of a gamma lie above 0: {self}.")
        if not (self.drift >= 0 and 0 <= self.unevenness < 1):
            raise InvalidRate(f"Drift is 0 or more, unevenness 0 to 1: {self}.")

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
    counts: Sequence[float],
    exposures: Sequence[float],
    weights: Sequence[float],
    *,
    drift: float = 0.0,
    unevenness: float = 0.0,
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
    return Rates(mean**2 / spread, mean / spread, drift, unevenness)


def expected(
    rates: Rates,
    *,
    exposure: float,
    share: float = 0.0,
    seen: float = 0.0,
    until: float = 1.0,
    level: float = LEVEL,
) -> Expected:
    """The count once a share of a launch of this exposure is over (`until`: by default all of it),
    knowing what was seen by the share that is over now.

    >>> before = expected(Rates(4, 40), exposure=1000)
    >>> after = expected(Rates(4, 40), exposure=1000, share=0.5, seen=80)
    >>> round(before.mean), round(after.mean), after.high - after.low < before.high - before.low
    (100, 158, True)
    """
    if not (0 <= share <= until <= 1 and until > 0 and seen >= 0 and exposure >= 0):
        raise InvalidRate(f"A share of {share} of {until} and a count of {seen} cannot be.")
    if share == until or exposure == 0:
        return Expected(seen, seen, seen)
    ahead = _Ahead.of(rates, exposure=exposure, share=share, seen=seen, until=until)
    tail = (1 - level) / 2
    return Expected(
        seen + ahead.mean(), seen + ahead.quantile(tail), seen + ahead.quantile(1 - tail)
    )


@dataclass(frozen=True)
class _Ahead:
    """What is to come: negative binomials, each as likely as its level and course are."""

    likely: Floats
    shape: float
    success: Floats

    @classmethod
    def of(
        cls, rates: Rates, *, exposure: float, share: float, seen: float, until: float
    ) -> _Ahead:
        level, over = (
            grid.ravel()
            for grid in np.meshgrid(_levels(rates.drift), _courses(rates, share, until))
        )
        before = exposure * over
        rate = rates.rate / level
        told = stats.nbinom.logpmf(seen, rates.shape, rate / (rate + before)) if share else rate * 0
        likely = np.exp(told - told.max())
        known = rate + before
        success = known / (known + exposure * (until - over))
        return cls(likely / likely.sum(), rates.shape + seen, success)

    def mean(self) -> float:
        return float((self.likely * self.shape * (1 - self.success) / self.success).sum())

    def quantile(self, chance: float) -> float:
        """The least count that what comes stays within with this chance, by halving."""
        ends = [self.success.max(), self.success.min()]  # what is to come at the least and most
        low, high = (int(end) for end in stats.nbinom.ppf(chance, self.shape, ends))
        low -= 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._within(middle) >= chance else (middle, high)
        return float(high)

    def _within(self, count: int) -> float:
        return float(self.likely @ special.betainc(self.shape, count + 1, self.success))


def _levels(drift: float) -> Floats:
    """Levels as likely as each other, 1 on the mean: of a log-normal distribution."""
    if not drift:
        return np.ones(1)
    normal = special.ndtri(_middles())
    levels = np.exp(sqrt(drift) * normal / normal.std())
    return np.asarray(levels / levels.mean(), dtype=np.float64)


def _courses(rates: Rates, share: float, until: float) -> Floats:
    """Shares, as likely as each other, of the launch that may be over where a share of it is."""
    if not (share and rates.unevenness):
        return np.full(1, share)
    steadiness = 1 / rates.unevenness - 1
    over = special.betaincinv(steadiness * share, steadiness * (until - share), _middles())
    return np.asarray(until * np.clip(over, 1e-6, 1 - 1e-6), dtype=np.float64)


def _middles() -> Floats:
    return (np.arange(POINTS) + 0.5) / POINTS


def likeness(*, similarity: Floats, price_ratio: Floats, season_days: Floats) -> Floats:
    """How much each past launch counts: by its content, price and season, each in 0 to 1.

    `similarity` is the cosine of the texts, `price_ratio` the past price over the new one (NaN
    where unknown), `season_days` the distance of the days of the year.
    """
    content = np.exp(-(1 - np.clip(similarity, 0, 1)) / CONTENT)
    price = np.exp(-np.abs(np.log(np.where(price_ratio > 0, price_ratio, 1.0))) / PRICE)
    season = np.exp(-apart(season_days) / SEASON)
    return np.asarray(content * price * season, dtype=np.float64)


def apart(season_days: Floats) -> Floats:
    """Days between two days of the year, the shorter way round."""
    return np.asarray(np.minimum(season_days, 365 - season_days), dtype=np.float64)


CONTENT = 0.1  # of the cosine, in which a launch's weight falls to 1/e
PRICE = 1.0  # of the logarithm of the price
SEASON = 60.0  # days of the year
