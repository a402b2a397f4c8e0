"""May this customer be contacted now, and if not, why: one rule, its order, and its clocks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from launchopt_core.assignment import HOLDOUT
from launchopt_core.errors import InvalidRate, InvalidWindow
from launchopt_core.schedule import zone_of

QUIET_FROM = time(21)
QUIET_UNTIL = time(8)
QUARTER = timedelta(minutes=15)  # every zone's offset today is a whole number of quarters
LONGEST_NIGHT = timedelta(days=3)
SATURDAY = 5


class Reason(StrEnum):
    """Why something was shown, or nothing; a code that stands in the decision log."""

    SHOWN = "shown"
    NO_LAUNCH = "no_launch"
    NOT_IN_AUDIENCE = "not_in_audience"
    NO_CONSENT = "no_consent"
    HOLDOUT = "holdout"
    CAPPED = "capped"
    SUPPRESSED = "suppressed"
    NO_BUDGET = "no_budget"
    NOT_WORTH_IT = "not_worth_it"
    NO_CREATIVE = "no_creative"
    PAUSED = "paused"


@dataclass(frozen=True)
class Situation:
    """All that a decision about one customer and one launch depends on."""

    has_launch: bool = True  # a launch runs at this instant
    is_paused: bool = False
    is_in_audience: bool = True
    has_consent: bool = False
    is_holdout: bool = False
    has_room_under_cap: bool = True  # see `has_room`
    is_suppressed: bool = False  # bought or returned it, unsubscribed, or it is quiet hours
    has_budget: bool = True
    is_worth_it: bool = True  # brings more than the plan's marginal contact
    has_creative: bool = True
    variant: str | None = None  # the assigned variant


@dataclass(frozen=True)
class Verdict:
    """What to do and why; `variant` is what the result is counted under."""

    reason: Reason
    variant: str | None

    @property
    def is_shown(self) -> bool:
        return self.reason is Reason.SHOWN


def verdict_on(situation: Situation) -> Verdict:
    """The first reason for silence wins; the order is the policy.

    Whether there is a launch at all comes first, and a pause silences it whoever asks. Then who may
    take part: audience and consent, the same question for the held-out and the others, so that both
    groups are drawn from the same people. Then the holdout, before everything that contacts change
    (caps, suppression, money, creatives): a held-out customer is never silent for a reason that
    only the contacted can have. Last, the cheapest questions before those that cost a contact.

    A held-out customer has the variant 'holdout' whatever the reason: who is measured must not
    depend on why nothing was shown.

    >>> verdict_on(Situation(has_consent=True, variant="treatment")).reason.value
    'shown'
    >>> verdict = verdict_on(Situation(has_consent=False, is_holdout=True))
    >>> verdict.reason.value, verdict.variant
    ('no_consent', 'holdout')
    """
    variant = HOLDOUT if situation.is_holdout else situation.variant
    return Verdict(_reason_for(situation), variant)


def _reason_for(situation: Situation) -> Reason:
    policy = (
        (not situation.has_launch, Reason.NO_LAUNCH),
        (situation.is_paused, Reason.PAUSED),
        (not situation.is_in_audience, Reason.NOT_IN_AUDIENCE),
        (not situation.has_consent, Reason.NO_CONSENT),
        (situation.is_holdout, Reason.HOLDOUT),
        (not situation.has_room_under_cap, Reason.CAPPED),
        (situation.is_suppressed, Reason.SUPPRESSED),
        (not situation.has_budget, Reason.NO_BUDGET),
        (not situation.is_worth_it, Reason.NOT_WORTH_IT),
        (not situation.has_creative, Reason.NO_CREATIVE),
    )
    return next((reason for applies, reason in policy if applies), Reason.SHOWN)


def answered_with(verdicts: Sequence[Verdict]) -> int:
    """Which of some offers, the likeliest first, is the answer: the first that is shown; where none
    is, the first says why.

    >>> capped, shown = Verdict(Reason.CAPPED, None), Verdict(Reason.SHOWN, "treatment")
    >>> answered_with([capped, shown]), answered_with([capped])
    (1, 0)
    """
    return next((n for n, verdict in enumerate(verdicts) if verdict.is_shown), 0)


def contacts_in_window(times: Iterable[datetime], now: datetime, window: timedelta) -> int:
    """How many contacts fell in (now - window, now]: one exactly a window old no longer counts."""
    _check_window(window)
    return sum(now - window < moment <= now for moment in times)


def has_room(times: Iterable[datetime], now: datetime, window: timedelta, cap: int) -> bool:
    """Whether one more contact now keeps every rolling window at or under the cap.

    Instants may come out of order (a decision stored late), so windows that reach past `now` are
    counted too.

    >>> noon = datetime(2026, 5, 4, 12)
    >>> earlier = [noon - timedelta(hours=hours) for hours in (1, 24)]
    >>> has_room(earlier, noon, timedelta(hours=24), cap=2)
    True
    >>> has_room(earlier, noon, timedelta(hours=25), cap=2)
    False
    """
    _check_window(window)
    if cap < 0:
        raise InvalidRate(f"A cap is 0 or more contacts, not {cap}.")
    times = list(times)
    if len(times) < cap:
        return True
    near = sorted([*(t for t in times if abs(t - now) < window), now])
    return all(
        sum(first <= t < first + window for t in near) <= cap for first in near if first <= now
    )


def is_quiet(
    now: datetime,
    zone: str | None,
    *,
    quiet_from: time = QUIET_FROM,
    quiet_until: time = QUIET_UNTIL,
) -> bool:
    """Whether an outbound message must wait: in quiet hours, or where the zone is unknown.

    >>> from datetime import UTC
    >>> is_quiet(datetime(2026, 5, 4, 20, 30, tzinfo=UTC), "Europe/London")  # 21:30 in summer
    True
    >>> is_quiet(datetime(2026, 5, 4, 12, tzinfo=UTC), None)
    True
    """
    if now.tzinfo is None:
        raise InvalidWindow("Quiet hours need an instant with a time zone.")
    if not zone:
        return True
    local = now.astimezone(zone_of(zone)).time()
    if quiet_from <= quiet_until:
        return quiet_from <= local < quiet_until
    return local >= quiet_from or local < quiet_until


def next_allowed(
    now: datetime,
    zone: str | None,
    *,
    quiet_from: time = QUIET_FROM,
    quiet_until: time = QUIET_UNTIL,
) -> datetime | None:
    """The first quarter of an hour from `now` on that is not quiet; None where the zone is unknown.

    Looked up instant by instant, so that the nights on which clocks change need no rule.
    """
    if not zone:
        return None
    if not is_quiet(now, zone, quiet_from=quiet_from, quiet_until=quiet_until):
        return now
    later = quarters_from(now, until=now + LONGEST_NIGHT)
    return next(
        (t for t in later if not is_quiet(t, zone, quiet_from=quiet_from, quiet_until=quiet_until)),
        None,
    )


@dataclass(frozen=True)
class BestHours:
    """The hours of the day (local, 0 to 23) in which a customer is likeliest to be in the shop."""

    weekday: int
    weekend: int

    def holds(self, local: datetime) -> bool:
        """Whether a local time lies in the best hour of its day."""
        return local.hour == (self.weekend if local.weekday() >= SATURDAY else self.weekday)


def sending_time(
    now: datetime,
    zone: str | None,
    *,
    best: BestHours | None = None,
    until: datetime,
    quiet_from: time = QUIET_FROM,
    quiet_until: time = QUIET_UNTIL,
) -> datetime | None:
    """When a message goes out: in the first best hour from `now` on that begins before `until`.

    Without one there it goes as soon as it is not quiet, which may be after `until`: no message is
    dropped because its best hour has passed. None where the zone is unknown.

    >>> from datetime import UTC
    >>> monday = datetime(2026, 5, 4, 12, tzinfo=UTC)
    >>> week = monday + timedelta(days=7)
    >>> sending_time(monday, "Europe/Berlin", best=BestHours(19, 10), until=week).hour
    17
    >>> sending_time(monday, "UTC", best=BestHours(9, 10), until=monday + timedelta(hours=8)).hour
    12
    """
    quiet = {"quiet_from": quiet_from, "quiet_until": quiet_until}
    if not zone or best is None:
        return next_allowed(now, zone, **quiet)
    found = (
        t
        for t in quarters_from(now, until=until)
        if best.holds(t.astimezone(zone_of(zone))) and not is_quiet(t, zone, **quiet)
    )
    return next(found, None) or next_allowed(now, zone, **quiet)


def quarters_from(now: datetime, *, until: datetime) -> Iterator[datetime]:
    """`now`, and each quarter of an hour after it before `until`."""
    yield now
    at = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0) + QUARTER
    while at < until:
        yield at
        at += QUARTER


def _check_window(window: timedelta) -> None:
    if window <= timedelta(0):
        raise InvalidWindow(f"A rolling window is longer than nothing, not {window}.")
