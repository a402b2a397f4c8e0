"""Everything that falls due until an instant, run here in order: for cron, and for simulated time.

Jobs with a watermark run once, however often they have fallen due. Pacing runs at each due time on
the clocks of the simulated launches, and once at the time of the wall for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from launchopt import jobs
from launchopt.campaigns.models import Launch
from launchopt.campaigns.selectors import SERVING
from launchopt.operations.models import JobClock
from launchopt.operations.runs import Work
from launchopt.operations.schedules import SCHEDULES, Schedule
from launchopt_workers import tasks  # noqa: F401 - registers every body
from launchopt_workers.running import BODIES

Tell = Callable[[str], None]
ALWAYS = (jobs.ROLL_UP_METRICS,)  # counts by watermark: nothing new costs nothing
ON_THE_CLOCK = (jobs.PACE_LAUNCHES, jobs.UPDATE_WEIGHTS, jobs.WATCH_LAUNCHES)  # of each launch
SIMULATED = "simulated_until"
LAST_THINGS = (jobs.PACE_LAUNCHES, jobs.ROLL_UP_METRICS, jobs.UPDATE_WEIGHTS)


@dataclass
class Done:
    """A job that ran: how often, and what came of the last time."""

    job: str
    times: int = 0
    result: dict[str, Any] = field(default_factory=dict)
    error: str = ""


def run_due(
    *,
    until: datetime,
    now: datetime,
    tell: Tell = lambda _: None,
    only: Collection[jobs.Job] = (),
) -> list[Done]:
    """Run what has fallen due by `until`; `now` is the time of the wall.

    A job that fails is reported and stays due; the others run all the same. With `only`, the
    others are left alone.
    """
    found = []
    for schedule in _in_order():
        if only and schedule.job not in only:
            continue
        done = Done(schedule.job.name)
        worked: dict[bool, datetime] = {}
        for what, instant, arguments in _times(schedule, until=until, now=now):
            tell(what)
            if not _run(done, schedule, now=now, arguments=arguments):
                break
            worked["now" in arguments] = instant
        _note(schedule, worked)
        if done.times or done.error:
            found.append(done)
    return found


def summary_of(found: list[Done], *, until: datetime) -> dict[str, Any]:
    """The report of a call."""
    return {
        "until": until.isoformat(),
        "jobs": [asdict(done) for done in found],
        "failed": [done.job for done in found if done.error],
    }


def _in_order() -> list[Schedule]:
    """What feeds the rollups first, then pacing, rollups and weights, then what is done nightly."""
    daily = timedelta(days=1)
    early = [s for s in SCHEDULES if s.job not in LAST_THINGS and s.every < daily]
    late = [s for s in SCHEDULES if s.job not in LAST_THINGS and s.every >= daily]
    middle = sorted(
        (s for s in SCHEDULES if s.job in LAST_THINGS), key=lambda s: LAST_THINGS.index(s.job)
    )
    return [*early, *middle, *late]


def _times(
    schedule: Schedule, *, until: datetime, now: datetime
) -> Iterator[tuple[str, datetime, dict[str, str]]]:
    """Words for a person, the instant, and what the body is told, for each time it has to run."""
    if schedule.job in ON_THE_CLOCK:
        yield from _simulated_times(schedule, until=until)
        yield f"{schedule.job.title} at {now:%Y-%m-%d %H:%M}", now, {}
    elif schedule.job in ALWAYS or _is_due(schedule, until):
        instant = until.isoformat()
        told = {"until": instant, "as_of": instant}
        yield f"{schedule.job.title} until {until:%Y-%m-%d %H:%M}", until, told


def _simulated_times(
    schedule: Schedule, *, until: datetime
) -> Iterator[tuple[str, datetime, dict[str, str]]]:
    """Each due time on the clocks of the launches on simulated time; with a watermark, the last."""
    clocks = _simulated_clocks(schedule)
    behind = [clock for clock in clocks if clock < until]
    if not behind:
        return
    times = list(_multiples(schedule.every, after=min(behind), until=until))
    if not schedule.has_watermark and (not times or times[-1] < until):
        times.append(until)
    for at in times[-1:] if schedule.has_watermark else times:
        yield f"{schedule.job.title} at {at:%Y-%m-%d %H:%M}", at, {"now": at.isoformat()}


def _simulated_clocks(schedule: Schedule) -> list[datetime]:
    """Until when the job has worked for each launch on simulated time.

    Decisions pace as they move a launch's clock; nothing but this makes up for the other jobs.
    """
    launches = Launch.objects.filter(is_simulated=True, status__in=SERVING)
    if schedule.job == jobs.PACE_LAUNCHES:
        return [clock for clock in launches.values_list("clock_at", flat=True) if clock]
    row = JobClock.objects.filter(job=schedule.job.name).first()
    seen = (
        datetime.fromisoformat(row.details[SIMULATED]) if row and SIMULATED in row.details else None
    )
    starts = [start for start in launches.values_list("started_at", flat=True) if start]
    return [seen if seen and seen > start else start for start in starts]


def _multiples(every: timedelta, *, after: datetime, until: datetime) -> Iterator[datetime]:
    """The whole multiples of a period, from midnight of the first day on, in (after, until]."""
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + ((after - midnight) // every + 1) * every
    while at <= until:
        yield at
        at += every


def _is_due(schedule: Schedule, until: datetime) -> bool:
    last = JobClock.objects.filter(job=schedule.job.name).values_list("last_run_at", flat=True)
    ran_at = last.first()
    return ran_at is None or until - ran_at >= schedule.every


def _run(
    done: Done,
    schedule: Schedule,
    *,
    now: datetime,
    arguments: dict[str, str],
) -> bool:
    body = BODIES[schedule.job.name]
    try:
        done.result = body(Work(None, clock=lambda: now), **arguments)
    except Exception as error:
        done.error = " ".join(f"{type(error).__name__}: {error}".split())[:500]
        return False
    done.times += 1
    return True


def _note(schedule: Schedule, worked: Mapping[bool, datetime]) -> None:
    """Keep until when a job has worked, on simulated clocks (True) and on that of the wall."""
    if not worked:
        return
    row, _ = JobClock.objects.get_or_create(job=schedule.job.name)
    if True in worked:
        row.details = {**row.details, SIMULATED: worked[True].isoformat()}
    if False in worked:
        row.last_run_at = worked[False]
    row.save(update_fields=["details", "last_run_at"])
