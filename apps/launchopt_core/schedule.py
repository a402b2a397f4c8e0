"""When customers are active: profiles by hour, shrunk to a day curve, laid over a launch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import ArrayLike, NDArray

from launchopt_core.errors import InvalidRate, InvalidWindow, UnknownTimeZone
from launchopt_core.estimates import Source

HOUR = timedelta(hours=1)
HOURS_OF_DAY = 24
HOURS_OF_WEEK = 168

# An assumption, not a measurement: shop traffic is low at night, rises through the morning, holds
# over the day and peaks in the evening. It counts as PRIOR_EVENTS events, so a few hundred of the
# shop's own outweigh it.
DAY_CURVE = (
    *(0.8, 0.5, 0.3, 0.3, 0.3, 0.5, 1.2, 2.4, 3.6, 4.6, 5.2, 5.4),
    *(5.6, 5.4, 5.2, 5.2, 5.4, 5.8, 6.4, 7.2, 8.2, 8.0, 5.6, 2.9),
)
PRIOR_EVENTS = 200.0
PRIOR_DETAIL = "an assumed day: low at night, rising from 8, highest at 20 to 21"


@dataclass(frozen=True)
class ActivityProfile:
    """Shares of activity over the hours of a week, Monday 00:00 first, in local time; sum 1."""

    shares: tuple[float, ...]
    source: Source
    detail: str

    def share_at(self, local: datetime) -> float:
        """The share of the week's activity in the hour that holds this local time."""
        return self.shares[local.weekday() * HOURS_OF_DAY + local.hour]

    def by_hour_of_day(self) -> tuple[float, ...]:
        """The 24 shares of a day, over all days of the week."""
        return tuple(np.reshape(self.shares, (7, HOURS_OF_DAY)).sum(axis=0).tolist())


@dataclass(frozen=True)
class HourShare:
    """An hour of a launch (UTC, on the clock) and its share of the launch's activity."""

    start: datetime
    share: float


def day_curve() -> NDArray[np.float64]:
    """The assumed shares of a day's activity by local hour, (24,), sum 1."""
    curve = np.asarray(DAY_CURVE)
    return curve / float(curve.sum())


def profile_of(counts: ArrayLike, prior_events: float = PRIOR_EVENTS) -> ActivityProfile:
    """A profile from event counts by local hour: of the day (24,) or of the week (168,).

    The mean of a Dirichlet posterior: the assumed day curve counts as `prior_events` events, and
    the profile is measured once the shop's own events outweigh them.

    >>> profile_of([0] * 24).source.value
    'prior'
    >>> at_noon = profile_of([100_000 if hour == 12 else 0 for hour in range(24)])
    >>> at_noon.source.value, round(at_noon.by_hour_of_day()[12], 2)
    ('measured', 1.0)
    """
    week = _by_week(np.asarray(counts, dtype=float))
    seen = float(week.sum())
    prior = np.tile(day_curve() / 7, 7)
    shares = (week + prior_events * prior) / (seen + prior_events)
    source = Source.MEASURED if seen > prior_events else Source.PRIOR
    return ActivityProfile(tuple((shares / shares.sum()).tolist()), source, _told(seen, source))


def allocate_over_window(
    profile: ActivityProfile, zones: Mapping[str, float], start: datetime, end: datetime
) -> list[HourShare]:
    """The launch's hours (UTC) with their shares of its activity; the shares sum to 1.

    `zones` gives how many customers live in each time zone; an hour's share mixes what their local
    hours are worth. The first and last hour count by the part of them that lies in the window.

    >>> week = profile_of([0] * 24)
    >>> opening = datetime(2026, 5, 4, tzinfo=UTC)
    >>> hours = allocate_over_window(week, {"UTC": 10}, opening, opening + timedelta(days=1))
    >>> len(hours), round(sum(hour.share for hour in hours), 9)
    (24, 1.0)
    """
    starts = hours_between(start, end)
    weights = np.array([_covered(begin, start, end) for begin in starts])
    weights *= _mixed(profile, zones, starts)
    total = weights.sum()
    shares = weights / total if total > 0 else np.full(len(starts), 1 / len(starts))
    return [HourShare(begin, float(share)) for begin, share in zip(starts, shares, strict=True)]


def hours_between(start: datetime, end: datetime) -> list[datetime]:
    """The clock hours (UTC) that a window [start, end) touches.

    >>> opening = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
    >>> [hour.hour for hour in hours_between(opening, opening + timedelta(hours=2))]
    [9, 10, 11]
    """
    if start.tzinfo is None or end.tzinfo is None:
        raise InvalidWindow("A window's instants need a time zone.")
    if end <= start:
        raise InvalidWindow(f"The window ends ({end}) before it starts ({start}).")
    first = start.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    count = -((first - end.astimezone(UTC)) // HOUR)
    return [first + number * HOUR for number in range(count)]


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name, or an error that names it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownTimeZone(
            f"{name!r} is not a time zone; try one like 'Europe/London'."
        ) from error


def active_hours(profile: ActivityProfile, share: float = 0.5) -> list[int]:
    """The fewest hours of the day that hold this share of the activity, in the day's order.

    >>> active_hours(profile_of([0] * 24), share=0.2)
    [19, 20, 21]
    """
    if not 0 < share <= 1:
        raise InvalidRate(f"A share of activity lies in (0, 1], not at {share}.")
    by_hour = np.asarray(profile.by_hour_of_day())
    order = np.argsort(-by_hour, kind="stable")
    needed = int(np.searchsorted(by_hour[order].cumsum(), share - 1e-9)) + 1
    return sorted(order[:needed].tolist())


def _by_week(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    if counts.shape not in {(HOURS_OF_DAY,), (HOURS_OF_WEEK,)}:
        raise InvalidRate(f"A profile needs 24 or 168 counts, not {counts.shape}.")
    if not np.isfinite(counts).all() or (counts < 0).any():
        raise InvalidRate("Counts of events are finite and 0 or more.")
    return counts if len(counts) == HOURS_OF_WEEK else np.tile(counts / 7, 7)


def _covered(begin: datetime, start: datetime, end: datetime) -> float:
    return (min(begin + HOUR, end) - max(begin, start)) / HOUR


def _mixed(
    profile: ActivityProfile, zones: Mapping[str, float], starts: Sequence[datetime]
) -> NDArray[np.float64]:
    people = sum(zones.values())
    if people <= 0 or min(zones.values()) < 0:
        raise InvalidRate("The customers' time zones need at least one customer.")
    mixed = np.zeros(len(starts))
    for name, count in zones.items():
        zone = zone_of(name)
        mixed += count / people * np.array([profile.share_at(t.astimezone(zone)) for t in starts])
    return mixed


def _told(seen: float, source: Source) -> str:
    if seen == 0:
        return PRIOR_DETAIL
    weight = "outweigh" if source is Source.MEASURED else "do not yet outweigh"
    return f"{seen:,.0f} events of these customers, which {weight} {PRIOR_DETAIL}"
