"""One tick of the rollups: what is new since the watermark, and the minutes it touches.

The minutes are rebuilt from the rows themselves and the watermark moves in the same transaction,
so a crash or a second run repeats work and never counts twice. Rows are seen in the order of the
transactions that wrote them, which no clock and no late commit can confuse.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from launchopt import jobs
from launchopt.campaigns.services import confirm_exposures
from launchopt.conf import launchopt_settings
from launchopt.experiments.outcomes import BEFORE
from launchopt.operations.models import JobClock
from launchopt_workers.rollups import moments, statements

NAME = jobs.ROLL_UP_METRICS.name
COUNTED = "counted_until"  # of the clock's details: the instant, or None for everything
BATCH = 10_000  # exposures confirmed at a time
REBUILD = (
    statements.CLEAR_MINUTES,
    statements.FILL_MINUTES,
    statements.clear("hour"),
    statements.fill("hour", of="minute"),
    statements.clear("day"),
    statements.fill("day", of="hour"),
    moments.CLEAR,
    moments.fill(touched=True),
)
COUNT_ALL = (
    statements.ROOM,
    statements.CLEAR_EVERYTHING,
    statements.FILL_EVERYTHING,
    moments.CLEAR_EVERYTHING,
    moments.fill(touched=False),
)


@dataclass(frozen=True)
class Window:
    """Rows written by transactions in [since, upto), and our own; facts before `until`."""

    since: int
    upto: int
    own: int
    until: datetime | None

    def parameters(self) -> dict[str, Any]:
        """What the statements ask for."""
        shop = launchopt_settings()
        return {
            "since": self.since,
            "upto": self.upto,
            "own": self.own,
            "until": self.until,
            "late": timedelta(days=shop.late_event_days),
            "click": timedelta(days=shop.click_attribution_days),
            "view": timedelta(days=shop.view_attribution_days),
            "before": BEFORE,
        }


def roll_up(*, until: datetime | None = None) -> dict[str, Any]:
    """Count what is new. Gives how many minutes were rebuilt.

    With `until`, what happens from that instant on waits for a later tick. A clock that goes back
    takes nothing back: what was counted before stays counted, and what belongs to it is counted.
    """
    return _tick(until=until, everything=False)


def rebuild(*, until: datetime | None = None) -> dict[str, Any]:
    """Count everything anew; the same figures, to the last digit, as all ticks together."""
    return _tick(until=until, everything=True)


def _tick(*, until: datetime | None, everything: bool) -> dict[str, Any]:
    """Confirm first and count then, over the same rows: whatever is counted has been confirmed.

    Two transactions, for confirming locks campaigns, and decisions must not wait for the counting.
    """
    bound = until if everything else _not_before_counted(until)
    upto = _confirm(until=bound)
    return _count(upto=upto, until=bound, everything=everything)


def _not_before_counted(until: datetime | None) -> datetime | None:
    """The instant up to which was counted already, where it is later; None where all was.

    Otherwise an outcome that is counted would not hear of an earlier click that is new.
    """
    clock = JobClock.objects.filter(job=NAME, watermark__gt=0).first()
    if clock is None or COUNTED not in clock.details:
        return until
    last = clock.details[COUNTED]
    return max(until, datetime.fromisoformat(last)) if until and last else None


@transaction.atomic
def _confirm(*, until: datetime | None) -> int:
    """Confirm the decisions whose exposures are new; gives the first transaction not looked at."""
    watermark = JobClock.objects.filter(job=NAME).values_list("watermark", flat=True).first()
    upto, own = _snapshot()
    window = Window(since=_since(watermark or 0, upto), upto=upto, own=own, until=until)
    with connection.cursor() as cursor:
        cursor.execute(statements.HELD_OUT, window.parameters())
        cursor.execute(statements.NEW_EXPOSURES, window.parameters())
        exposures = cursor.fetchall()
    for start in range(0, len(exposures), BATCH):
        confirm_exposures(exposures=dict(exposures[start : start + BATCH]))
    return upto


@transaction.atomic
def _count(*, upto: int, until: datetime | None, everything: bool) -> dict[str, Any]:
    """Rebuild the minutes that are touched, or all, and move the watermark with them.

    All where nothing was counted yet, and where the database was restored from another cluster.
    """
    clock = _locked_clock()
    is_restored = clock.watermark > upto and _since(clock.watermark, _snapshot()[0]) == 0
    is_whole = everything or is_restored or clock.watermark == 0
    since = 0 if is_whole else min(clock.watermark, upto)
    window = Window(since=since, upto=upto, own=_snapshot()[1], until=until)
    minutes = _count_all(window) if is_whole else _count_touched(window)
    if is_whole or upto > clock.watermark:
        clock.watermark = _next_watermark(window)
    clock.details[COUNTED] = until.isoformat() if until else None
    clock.save(update_fields=["watermark", "details"])
    return {"minutes": minutes}


def _count_touched(window: Window) -> int:
    """Rebuild the minutes that something new touches; gives how many."""
    touched = _touch(window)
    _execute(REBUILD, window)
    return touched


def _count_all(window: Window) -> int:
    """Count everything before `until` from nothing; gives how many minutes something happened in.

    What happens from `until` on is forgotten, and found again by a later tick.
    """
    _execute(COUNT_ALL, window)
    with connection.cursor() as cursor:
        cursor.execute(statements.MINUTES)
        return int(cursor.fetchone()[0])


def _execute(queries: Iterable[str], window: Window) -> None:
    for statement in queries:
        with connection.cursor() as cursor:
            cursor.execute(statement, window.parameters())


def _locked_clock() -> JobClock:
    """The watermark, held by one tick at a time."""
    JobClock.objects.get_or_create(job=NAME)
    return JobClock.objects.select_for_update().get(job=NAME)


def _snapshot() -> tuple[int, int]:
    """The first transaction that may still be at work, and our own (-1 where it has no number)."""
    with connection.cursor() as cursor:
        cursor.execute(statements.SNAPSHOT)
        upto, own = cursor.fetchone()
    return upto, own


def _since(watermark: int, upto: int) -> int:
    """The watermark; 0 where the database was restored and its transactions begin anew."""
    return 0 if watermark > upto else watermark


def _touch(window: Window) -> int:
    """Note the minutes of launches and of experiments to rebuild; gives how many of launches."""
    with connection.cursor() as cursor:
        cursor.execute(moments.CREATE_TOUCHED)
        cursor.execute(moments.TOUCH, window.parameters())
        cursor.execute(statements.CREATE_TOUCHED)
        cursor.execute(statements.TOUCH, window.parameters())
        touched = cursor.rowcount
        cursor.execute("ANALYZE launchopt_touched; ANALYZE launchopt_touched_moments")
    return touched


def _next_watermark(window: Window) -> int:
    """The first transaction not yet counted."""
    if window.until is None:
        return window.upto
    with connection.cursor() as cursor:
        cursor.execute(statements.WAITING, window.parameters())
        (waiting,) = cursor.fetchone()
    return window.upto if waiting is None else min(waiting, window.upto)
