"""Spending a plan at its own speed: a target by the hour, and feedback from what was spent."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Self

import numpy as np
from numpy.typing import NDArray

from launchopt_core.errors import InvalidAmount, InvalidRate, InvalidWindow

Floats = NDArray[np.float64]

HOUR = timedelta(hours=1)
HIGHEST = 2  # times its plan is the most that an hour may cost
FORECAST_DAYS = 0.25  # of seeing everybody, that a forecast of who comes counts as


@dataclass(frozen=True)
class SpendPlan:
    """Planned money by hour: the start of each hour (in order) and what it may cost."""

    starts: tuple[datetime, ...]
    amounts: tuple[Decimal, ...]

    def __post_init__(self) -> None:
        if len(self.starts) != len(self.amounts):
            raise InvalidWindow("A plan has one amount for each hour.")
        if any(amount < 0 or not amount.is_finite() for amount in self.amounts):
            raise InvalidAmount("A plan's amounts are finite and 0 or more.")
        if list(self.starts) != sorted(set(self.starts)):
            raise InvalidWindow("A plan's hours come in order, each once.")

    @classmethod
    def of(cls, hours: Iterable[tuple[datetime, Decimal]]) -> Self:
        """A plan from hours in any order; amounts of the same hour are added."""
        summed: dict[datetime, Decimal] = {}
        for start, amount in hours:
            summed[start] = summed.get(start, Decimal(0)) + amount
        ordered = sorted(summed)
        return cls(tuple(ordered), tuple(summed[start] for start in ordered))

    @property
    def total(self) -> Decimal:
        return sum(self.amounts, Decimal(0))

    def cumulative(self) -> list[Decimal]:
        """What is to have been spent by the end of each hour."""
        return list(accumulate(self.amounts))

    def hour_at(self, now: datetime) -> tuple[datetime, Decimal]:
        """The start of the hour that `now` lies in, and its money: 0 where none is planned.

        Hours are counted from the first planned one.
        """
        first = self.starts[0] if self.starts else now
        start = first + (now - first) // HOUR * HOUR
        number = bisect_right(self.starts, start) - 1
        is_planned = number >= 0 and self.starts[number] == start
        return start, self.amounts[number] if is_planned else Decimal(0)

    def target_at(self, now: datetime) -> Decimal:
        """What is to have been spent by now: evenly within each hour.

        >>> opening = datetime(2026, 5, 4, 9)
        >>> plan = SpendPlan.of([(opening, Decimal("2.00")), (opening + HOUR, Decimal("4.00"))])
        >>> plan.target_at(opening + timedelta(minutes=90))
        Decimal('4.00')
        """
        target = Decimal(0)
        for start, amount in zip(self.starts, self.amounts, strict=True):
            elapsed = min(max(now - start, timedelta(0)), HOUR)
            if elapsed == timedelta(0):
                break
            target += amount * (elapsed // timedelta(microseconds=1)) / 3_600_000_000
        return target


def spend_allowed(
    plan: SpendPlan, *, spent: Decimal, now: datetime, lead: timedelta = timedelta(0)
) -> Decimal:
    """What may be spent now: the target a little ahead, less what is spent; never above the total.

    What an hour left over is allowed later; what was overspent is taken from what follows.

    >>> opening = datetime(2026, 5, 4, 9)
    >>> plan = SpendPlan.of([(opening, Decimal("2.00")), (opening + HOUR, Decimal("4.00"))])
    >>> spend_allowed(plan, spent=Decimal("1.50"), now=opening + HOUR)
    Decimal('0.50')
    """
    if not spent.is_finite() or spent < 0:
        raise InvalidAmount(f"What was spent is 0 or more, not {spent}.")
    target = min(plan.target_at(now + lead), plan.total)
    return max(target - spent, Decimal(0))


def money_to_let_out(
    plan: SpendPlan,
    *,
    committed: Decimal,
    in_hour: Decimal,
    now: datetime,
    period: timedelta,
    contact: Decimal = Decimal(0),
) -> Decimal:
    """What may be spent in the period that begins: the target at its end, less what is committed.

    What earlier hours left over is caught up, but no hour goes beyond twice its plan, or what one
    `contact` costs, if that is more: `in_hour` is what it has cost so far.

    >>> opening = datetime(2026, 5, 4, 9)
    >>> plan = SpendPlan.of([(opening, Decimal("9.00")), (opening + HOUR, Decimal("1.00"))])
    >>> money_to_let_out(
    ...     plan,
    ...     committed=Decimal("0.00"),
    ...     in_hour=Decimal("0.00"),
    ...     now=opening + HOUR,
    ...     period=timedelta(minutes=5),
    ... )
    Decimal('2.00')
    """
    if period <= timedelta(0):
        raise InvalidWindow("A pacing period is longer than nothing.")
    allowed = spend_allowed(plan, spent=committed, now=now, lead=period)
    _, planned = plan.hour_at(now)
    most = max(HIGHEST * planned, contact)
    return max(min(allowed, most - in_hour), Decimal(0))


def allowed_when_told_late(
    plan: SpendPlan, *, told_before_hour: Decimal, now: datetime, period: timedelta
) -> Decimal:
    """What may be spent in all by the end of the period, where a channel tells of its spend late.

    The channel keeps within this whatever has not been told, so that silence overspends nothing. No
    hour goes beyond twice its plan: what was spent before it counts as far as it is told, so that
    a channel that tells nothing comes to rest after two hours.

    >>> opening = datetime(2026, 5, 4, 9)
    >>> plan = SpendPlan.of([(opening, Decimal("9.00")), (opening + HOUR, Decimal("1.00"))])
    >>> allowed_when_told_late(
    ...     plan,
    ...     told_before_hour=Decimal("5.00"),
    ...     now=opening + HOUR,
    ...     period=timedelta(minutes=5),
    ... )
    Decimal('7.00')
    """
    target = spend_allowed(plan, spent=Decimal(0), now=now, lead=period)
    _, planned = plan.hour_at(now)
    return min(target, told_before_hour + HIGHEST * planned)


def days_between_visits(visits: Floats, *, days: float, reach: float, reach_days: float) -> float:
    """The usual time between a customer's visits: as forecast, and as `visits` in `days` tell it.

    Rates are exponential over customers, so that by the forecast `reach` of them come within
    `reach_days`. It counts as FORECAST_DAYS of having seen everybody: a launch soon knows better.

    >>> days_between_visits(np.array([]), days=0, reach=0.5, reach_days=7)
    7.0
    >>> round(days_between_visits(np.array([3, 1]), days=4, reach=0.5, reach_days=7), 2)
    2.09
    """
    if not 0 <= reach <= 1 or days < 0 or reach_days <= 0:
        raise InvalidRate("A reach is a share, and days are 0 or more.")
    share = min(max(reach, 0.001), 0.999)
    forecast = reach_days * (1 - share) / share
    seen = float(np.mean(visits)) if len(visits) else 0.0
    return (days + FORECAST_DAYS) / (seen + FORECAST_DAYS / forecast)


def chance_to_come(visits: Floats, *, days: float, ahead: float, usual_days: float) -> Floats:
    """The chance that customers come by within `ahead` days, who came so often in `days`.

    Visits are Poisson with a rate of each customer's own, exponential over customers with a mean of
    one in `usual_days`; what was seen of each moves it (a gamma posterior).

    >>> chance_to_come(np.array([0, 5]), days=7, ahead=7, usual_days=7).round(2).tolist()
    [0.33, 0.91]
    """
    if min(days, ahead) < 0 or usual_days <= 0:
        raise InvalidRate("Days are 0 or more, and between visits there is some time.")
    stays_away = ((usual_days + days) / (usual_days + days + ahead)) ** (
        1.0 + np.asarray(visits, float)
    )
    return np.asarray(1.0 - stays_away)


def bar_that_spends(money: float, *, worth: Floats, expected: Floats) -> float:
    """What a contact must bring, so that the expected spend on those who bring more is `money`.

    `worth` is by unit of money, `expected` what each is expected to cost; 0 where all cost less.

    >>> bar_that_spends(0.3, worth=np.array([5.0, 9.0, 7.0]), expected=np.full(3, 0.2))
    7.0
    """
    order = np.argsort(-worth, kind="stable")
    enough = np.flatnonzero(expected[order].cumsum() >= money)
    return float(worth[order][enough[0]]) if len(enough) else 0.0
