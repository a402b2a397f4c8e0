"""When a figure is worth an alert: beyond its limit, and further than chance takes it.

Each rule has two ends. An alarm opens where the data speak against that all is well, and ends
where they speak against that it is still as bad; in between it stays as it is, so that a figure
at its limit does not ring and rest by turns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum

from scipy import stats

from launchopt_core.errors import InvalidRate
from launchopt_core.forecast import Expected
from launchopt_core.schedule import HOUR, HOURS_OF_DAY, HOURS_OF_WEEK, hours_between, zone_of

RARE = 1e-4  # the chance with which one look opens an alarm where all is well
CERTAIN = 1 - 2 * RARE  # the level of an interval that is left below as rarely
SELDOM = 0.01  # the same at a fixed limit, where a rate at the limit is not well either
USUAL = 0.05  # that with which one look ends an alarm where nothing is well again


class State(Enum):
    """What a look at a figure says."""

    RINGS = "rings"
    RESTS = "rests"
    STAYS = "stays"  # as it was: neither end is reached, or too little is known


@dataclass(frozen=True)
class Rate:
    """So many successes in so many trials."""

    successes: float
    trials: float

    def __post_init__(self) -> None:
        if min(self.successes, self.trials) < 0:
            raise InvalidRate(f"Counts are 0 or more: {self}.")

    @property
    def value(self) -> float:
        """The share, 0 where there was no trial."""
        return self.successes / self.trials if self.trials else 0.0

    def __add__(self, other: "Rate") -> "Rate":
        return Rate(self.successes + other.successes, self.trials + other.trials)


def fallen(recent: Sequence[Rate], before: Rate, *, drop: float) -> State:
    """Whether a rate has fallen by more than a share of what it was before.

    `recent` are counts of the latest time, the shortest span first; in all but the longest it must
    have fallen twice as deep, for rates differ between hours. The conditional
    test of two Poisson rates (Przyborowski and Wilenski, 1940): given all successes, those of the
    recent time are binomial.

    >>> fallen([Rate(2, 100), Rate(20, 1000)], Rate(500, 10_000), drop=0.3).value
    'rings'
    >>> fallen([Rate(4, 100), Rate(48, 1000)], Rate(500, 10_000), drop=0.3).value
    'rests'
    """
    if not 0 < drop < 1:
        raise InvalidRate(f"A drop is a share between 0 and 1, not {drop}.")
    depths = [min(2 * drop, 0.9)] * (len(recent) - 1) + [drop]
    if any(_is_below(rate, before, drop=d) for rate, d in zip(recent, depths, strict=True)):
        return State.RINGS
    if any(_is_back(rate, before, drop=drop) for rate in recent):
        return State.RESTS
    return State.STAYS


def _is_below(recent: Rate, before: Rate, *, drop: float) -> bool:
    if not recent.trials or recent.value >= (1 - drop) * before.value:
        return False
    return _chance_of_fewer(recent, before, ratio=1.0) < RARE


def _is_back(recent: Rate, before: Rate, *, drop: float) -> bool:
    """Well above what a fallen rate would be, and at least half way back."""
    if not recent.trials or recent.value < (1 - drop / 2) * before.value:
        return False
    fewer = Rate(recent.successes - 1, recent.trials) if recent.successes else None
    return fewer is not None and 1 - _chance_of_fewer(fewer, before, ratio=1 - drop) < USUAL


def _chance_of_fewer(recent: Rate, before: Rate, *, ratio: float) -> float:
    """The chance of so few successes, were the rate `ratio` times the one before."""
    share = ratio * recent.trials / (ratio * recent.trials + before.trials)
    return float(stats.binom.cdf(recent.successes, recent.successes + before.successes, share))


def short_of_forecast(seen: float, forecast: Expected, *, drop: float) -> State:
    """Whether less was counted than forecast: by a share, and beyond what launches differ by.

    The forecast's interval is one of `CERTAIN`.

    >>> short_of_forecast(20, Expected(200.0, 70.0, 400.0), drop=0.3).value
    'rings'
    """
    if seen < min(forecast.low, (1 - drop) * forecast.mean):
        return State.RINGS
    return State.RESTS if seen >= (1 - drop / 2) * forecast.mean else State.STAYS


def above(rate: Rate, *, limit: float) -> State:
    """Whether a rate lies above a limit, beyond chance (exact binomial test).

    >>> above(Rate(1, 300), limit=0.001).value, above(Rate(9, 1000), limit=0.001).value
    ('stays', 'rings')
    >>> above(Rate(0, 300), limit=0.001).value
    'rests'
    """
    if not 0 < limit < 1:
        raise InvalidRate(f"A limit of a rate is a share between 0 and 1, not {limit}.")
    if rate.value <= limit:
        return State.RESTS if rate.trials else State.STAYS
    chance = stats.binom.sf(rate.successes - 1, rate.trials, limit)
    return State.RINGS if chance < SELDOM else State.STAYS


def overspent(spent: Decimal, planned: Decimal, *, share: float, total: Decimal) -> State:
    """Whether more was spent than planned by now: by a share, and by a hundredth of the total.

    Ends at half of that.

    >>> overspent(Decimal(115), Decimal(100), share=0.1, total=Decimal(200)).value
    'rings'
    """
    return _beyond(spent - planned, planned, share=share, total=total)


def underspent(
    spent: Decimal, planned: Decimal, *, share: float, total: Decimal, contact: Decimal
) -> State:
    """Whether less was spent than planned by now, beyond the luck of who came by.

    What costs a `contact` is spent one by one: their count is Poisson. 0 where money is not spent
    by contacts.

    >>> underspent(
    ...     Decimal(50), Decimal(100), share=0.2, total=Decimal(200), contact=Decimal("0.02")
    ... ).value
    'rings'
    """
    state = _beyond(planned - spent, planned, share=share, total=total)
    if state is not State.RINGS or contact <= 0:
        return state
    chance = stats.poisson.cdf(float(spent / contact), float(planned / contact))
    return State.RINGS if chance < RARE else State.STAYS


def _beyond(gap: Decimal, planned: Decimal, *, share: float, total: Decimal) -> State:
    if share <= 0:
        raise InvalidRate(f"A share of the plan is above 0, not {share}.")
    limit = max(Decimal(str(share)) * planned, total / 100)
    if gap > limit:
        return State.RINGS
    return State.RESTS if gap <= limit / 2 else State.STAYS


def silent(usual: float, *, minutes: float, limit: float) -> State:
    """Whether nothing was heard for so long as is unusual: `usual` visits were to be expected.

    Visits are Poisson; silence shorter than the limit, in minutes, is none.

    >>> silent(0.4, minutes=180, limit=60).value, silent(40.0, minutes=90, limit=60).value
    ('stays', 'rings')
    """
    if limit <= 0 or usual < 0 or minutes < 0:
        raise InvalidRate("A silence is 0 or more minutes, its limit above 0.")
    if minutes < limit / 2:
        return State.RESTS
    is_unusual = stats.poisson.pmf(0, usual) < RARE
    return State.RINGS if minutes >= limit and is_unusual else State.STAYS


def usual_between(usual: Sequence[float], since: datetime, until: datetime, *, zone: str) -> float:
    """What is usual between two instants; `usual` is by local hour of the week, Monday 00:00 first.

    >>> from datetime import UTC
    >>> nine = datetime(2026, 5, 4, 9, tzinfo=UTC)
    >>> usual_between([10.0] * 168, nine, nine + timedelta(minutes=90), zone="Europe/London")
    15.0
    """
    if len(usual) != HOURS_OF_WEEK:
        raise InvalidRate(f"What is usual is told for 168 hours, not {len(usual)}.")
    if until <= since:
        return 0.0
    total = 0.0
    for start in hours_between(max(since, until - timedelta(days=7)), until):
        local = start.astimezone(zone_of(zone))
        part = (min(until, start + HOUR) - max(since, start)) / HOUR
        total += usual[local.weekday() * HOURS_OF_DAY + local.hour] * part
    return total
