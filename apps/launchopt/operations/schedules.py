"""What runs by itself, and how often: read by beat and by `run_due`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps

from launchopt import jobs


@dataclass(frozen=True)
class Schedule:
    """A job and how often it falls due. With `has_watermark` one run makes up for all missed."""

    job: jobs.Job
    every: timedelta
    has_watermark: bool = True


SCHEDULES = (
    Schedule(jobs.CREATE_PARTITIONS, timedelta(days=1)),
    Schedule(jobs.SCORE_NEW_PRODUCTS, timedelta(minutes=1)),
    Schedule(jobs.OFFER_NEW_PRODUCTS, timedelta(minutes=1)),
    Schedule(jobs.PACE_LAUNCHES, timedelta(minutes=5), has_watermark=False),
    Schedule(jobs.SEND_MESSAGES, timedelta(minutes=1)),
    Schedule(jobs.SEND_WEBHOOKS, timedelta(seconds=30)),
    Schedule(jobs.ROLL_UP_METRICS, timedelta(minutes=1)),
    Schedule(jobs.UPDATE_WEIGHTS, timedelta(hours=6)),
    Schedule(jobs.WATCH_LAUNCHES, timedelta(minutes=5)),
    Schedule(jobs.TELL_ALERTS, timedelta(minutes=1)),
    Schedule(jobs.RESCUE_RUNS, timedelta(seconds=30)),
    Schedule(jobs.TRAIN_INTEREST, timedelta(days=1)),
    Schedule(jobs.TRAIN_UPLIFT, timedelta(days=1)),
    Schedule(jobs.BUILD_PERSONAS, timedelta(days=1)),
    Schedule(jobs.RECOMMEND, timedelta(days=1)),
    Schedule(jobs.WATCH_DRIFT, timedelta(days=1)),
    Schedule(jobs.LEARN_BEST_HOURS, timedelta(days=1)),
    Schedule(jobs.LEARN_APPEAL, timedelta(days=1)),
    Schedule(jobs.WRITE_THEMES, timedelta(days=1)),
)

NIGHTLY_AT_HOUR = {
    jobs.TRAIN_INTEREST.name: 2,
    jobs.TRAIN_UPLIFT.name: 2,
    jobs.BUILD_PERSONAS.name: 3,
    jobs.RECOMMEND.name: 4,
    jobs.WATCH_DRIFT.name: 5,
    jobs.LEARN_BEST_HOURS.name: 4,
    jobs.LEARN_APPEAL.name: 5,
    jobs.WRITE_THEMES.name: 5,
}


def ensure_schedules(**_: Any) -> None:
    """Create the schedules that are not there. What a person changed is never overwritten."""
    if not apps.is_installed("django_celery_beat"):
        return
    from django_celery_beat.models import PeriodicTask

    for schedule in SCHEDULES:
        if PeriodicTask.objects.filter(task=schedule.job.name).exists():
            continue
        PeriodicTask.objects.create(
            name=f"LaunchOpt: {schedule.job.title}",
            task=schedule.job.name,
            queue=schedule.job.queue.value,
            expire_seconds=_expiry(schedule),
            **_timing(schedule),
        )


def _expiry(schedule: Schedule) -> int:
    """A tick that nobody took before the next one is worth nothing."""
    return int(schedule.every.total_seconds())


def _timing(schedule: Schedule) -> dict[str, Any]:
    from django_celery_beat.models import CrontabSchedule, IntervalSchedule

    hour = NIGHTLY_AT_HOUR.get(schedule.job.name)
    if hour is not None:
        crontab, _ = CrontabSchedule.objects.get_or_create(
            minute="0", hour=str(hour), timezone="UTC"
        )
        return {"crontab": crontab}
    interval, _ = IntervalSchedule.objects.get_or_create(
        every=int(schedule.every.total_seconds()), period=IntervalSchedule.SECONDS
    )
    return {"interval": interval}
