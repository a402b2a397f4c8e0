"""A launch's states: approved, running, paused, finished. Each step takes the launch's row lock."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import transaction

from launchopt.campaigns.creatives import approve_creatives
from launchopt.campaigns.models import Creative, Launch
from launchopt.campaigns.news import tell_of_launch
from launchopt.campaigns.selectors import SERVING
from launchopt.campaigns.selectors.approvers import has_other_approver
from launchopt.campaigns.services.locking import lock_campaigns
from launchopt.campaigns.services.pacing import close_valve, lapse_reservations, pace_campaigns
from launchopt.experiments.models import Experiment
from launchopt.experiments.services import start_experiment, stop_experiment
from launchopt.operations.errors import Conflict, NotAllowed
from launchopt.operations.services import actor_name, record_audit


@transaction.atomic
def approve_launch(*, launch: Launch, by: Any, now: datetime) -> Launch:
    """Approve a plan, and its creatives with it.

    Who planned it may not approve it where somebody else may. Raises NotAllowed for that, Conflict
    where there is no finished plan or nothing to show.
    """
    launch = _locked(launch)
    _require(launch, (Launch.Status.PLANNED,), action="approved", hint=_HINTS.get(launch.status))
    _check_other_eyes(launch, by=by)
    approve_creatives(launch=launch, by=by, now=now)
    _check_has_words(launch)
    launch.status, launch.approved_by, launch.approved_at = (
        Launch.Status.APPROVED,
        actor_name(by)[:150],
        now,
    )
    launch.save(update_fields=["status", "approved_by", "approved_at"])
    _record("approve_launch", launch, by=by, now=now)
    return launch


_HINTS = {
    Launch.Status.DRAFT: "Plan it first.",
    Launch.Status.PLANNING: "Wait until its plan stands.",
    Launch.Status.APPROVED: "It is approved already.",
}


@transaction.atomic
def start_launch(*, launch: Launch, by: Any, now: datetime, is_simulated: bool = False) -> Launch:
    """Open a launch to decisions. With `is_simulated` it runs on the clock that `now` is from.

    A launch that starts late keeps its end. Raises Conflict where it is not approved, runs already,
    or would end before it starts.
    """
    campaigns = lock_campaigns(launch.campaigns.all())
    launch = _locked(launch)
    hint = "Approve it first." if launch.is_editable else None
    _require(launch, (Launch.Status.APPROVED,), action="started", hint=hint)
    if now >= launch.ends_at:
        raise Conflict(f"Its end, {launch.ends_at:%Y-%m-%d %H:%M} UTC, is past; plan it anew.")
    launch.status, launch.started_at = Launch.Status.RUNNING, now
    launch.is_simulated, launch.clock_at = is_simulated, now if is_simulated else None
    launch.save(update_fields=["status", "started_at", "is_simulated", "clock_at"])
    _open_experiment(launch, now=now)
    pace_campaigns(campaigns.values(), now=now)
    _record("start_launch", launch, by=by, now=now)
    return launch


@transaction.atomic
def pause_launch(*, launch: Launch, by: Any, now: datetime, is_simulated: bool = False) -> Launch:
    """Stop showing anything, at once: it waits for decisions at work, and none comes after it."""
    campaigns = lock_campaigns(launch.campaigns.all())
    launch = _locked(launch)
    _require(launch, (Launch.Status.RUNNING,), action="paused")
    close_valve(campaigns.values())
    now = launch.on_its_clock(now, is_simulated=is_simulated)
    launch.status, launch.paused_at = Launch.Status.PAUSED, now
    launch.save(update_fields=["status", "paused_at"])
    _record("pause_launch", launch, by=by, now=now)
    return launch


def stop_all_launches(*, by: Any, now: datetime) -> list[Launch]:
    """The emergency stop: pause every running launch; gives those that it paused.

    One after the other, each at once, so that one that cannot be paused keeps no other running.
    Each is resumed by itself.
    """
    stopped = []
    for launch in Launch.objects.filter(status=Launch.Status.RUNNING).order_by("started_at"):
        with suppress(Conflict):  # it has ended, or somebody has paused it, meanwhile
            stopped.append(pause_launch(launch=launch, by=by, now=now))
    return stopped


@transaction.atomic
def resume_launch(*, launch: Launch, by: Any, now: datetime, is_simulated: bool = False) -> Launch:
    """Let a paused launch go on."""
    campaigns = lock_campaigns(launch.campaigns.all())
    launch = _locked(launch)
    _require(launch, (Launch.Status.PAUSED,), action="resumed")
    now = launch.on_its_clock(now, is_simulated=is_simulated)
    launch.status, launch.paused_at = Launch.Status.RUNNING, None
    launch.save(update_fields=["status", "paused_at"])
    pace_campaigns(campaigns.values(), now=now)
    _record("resume_launch", launch, by=by, now=now)
    return launch


@transaction.atomic
def finish_launch(*, launch: Launch, by: Any, now: datetime, is_simulated: bool = False) -> Launch:
    """End a launch for good. What is reserved may still be confirmed until it lapses."""
    campaigns = lock_campaigns(launch.campaigns.all())
    launch = _locked(launch)
    _require(launch, SERVING, action="finished")
    now = launch.on_its_clock(now, is_simulated=is_simulated)
    launch.status, launch.finished_at = Launch.Status.FINISHED, now
    launch.save(update_fields=["status", "finished_at"])
    lapse_reservations(campaigns.values(), now=now)
    close_valve(campaigns.values())
    _close_experiment(launch, now=now)
    _record("finish_launch", launch, by=by, now=now)
    return launch


def finish_ended(*, now: datetime, simulated: bool = False) -> list[uuid.UUID]:
    """Finish each launch on this clock whose end has come. Gives their ids."""
    ended = Launch.objects.filter(
        status__in=SERVING, is_simulated=simulated, ends_at__lte=now
    ).order_by("ends_at")
    return [
        finish_launch(launch=launch, by="pacing", now=launch.ends_at, is_simulated=simulated).pk
        for launch in ended
    ]


def _locked(launch: Launch) -> Launch:
    rows = Launch.objects.select_for_update(of=("self",)).select_related("product", "experiment")
    return rows.get(pk=launch.pk)


def _require(
    launch: Launch, states: tuple[str, ...], *, action: str, hint: str | None = None
) -> None:
    if launch.status not in states:
        words = f"A launch that is {launch.get_status_display()} cannot be {action}."
        raise Conflict(f"{words} {hint}" if hint else words)


def _check_other_eyes(launch: Launch, *, by: Any) -> None:
    maker = launch.created_by
    if not maker or maker != actor_name(by) or not has_other_approver(maker):
        return
    raise NotAllowed(f"{maker} planned this launch; somebody else has to approve it.")


def _check_has_words(launch: Launch) -> None:
    if not Creative.objects.filter(launch=launch, status=Creative.Status.APPROVED).exists():
        raise Conflict("The launch has no creative to show; write one first.")


def _open_experiment(launch: Launch, *, now: datetime) -> None:
    if launch.experiment:
        start_experiment(experiment=launch.experiment, now=now)


def _close_experiment(launch: Launch, *, now: datetime) -> None:
    if launch.experiment and launch.experiment.status != Experiment.Status.STOPPED:
        stop_experiment(experiment=launch.experiment, now=now)


def _record(action: str, launch: Launch, *, by: Any, now: datetime) -> None:
    record_audit(
        action=action,
        subject=f"launch:{launch.pk}",
        by=by,
        now=now,
        after={"status": launch.status},
    )
    tell_of_launch(action, launch, now=now)
