"""Services of runs: ask for one, work on one, cancel, retry, rescue. Nothing here reads the clock:
who works brings one."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from launchopt import jobs
from launchopt.conf import launchopt_settings
from launchopt.operations.beating import heartbeat
from launchopt.operations.errors import Conflict
from launchopt.operations.models import Run, RunStep
from launchopt.operations.webhooks import tell
from launchopt.operations.webhooks.events import RUN_FINISHED

Clock = Callable[[], datetime]
MOST_ATTEMPTS = 5
# A message may have been lost with its broker; one sent twice finds the lease taken.
LONGEST_WAIT = timedelta(minutes=10)


class RunCancelled(Exception):
    """A person asked the run to stop."""


class LeaseLost(Exception):
    """Another worker has taken the run over; this one must stop without a trace."""


@transaction.atomic
def request_run(
    *, job: jobs.Job, arguments: dict[str, Any], now: datetime, subject: str = "", by: Any = None
) -> Run:
    """Record a run and send its job on commit. An open run of the same work is given back."""
    same = Run.objects.filter(
        job=job.name,
        subject=subject,
        arguments=arguments,
        state__in=[Run.State.QUEUED, Run.State.RUNNING],
        cancel_requested=False,
    ).first()
    if same:
        return same
    run = create_run(job=job, arguments=arguments, now=now, subject=subject, by=by)
    jobs.send(job, run_id=str(run.pk), **arguments)
    return run


def create_run(
    *, job: jobs.Job, arguments: dict[str, Any], now: datetime, subject: str = "", by: Any = None
) -> Run:
    """Record a run that its caller works on itself."""
    user = by if getattr(by, "_meta", None) and by.pk else None
    return Run.objects.create(
        job=job.name, arguments=arguments, subject=subject, requested_by=user, created_at=now
    )


def record_run(
    *, job: jobs.Job, subject: str, now: datetime, message: str, result: dict[str, Any]
) -> Run:
    """Leave a run behind of what a schedule's tick has done, with its reason in words."""
    return Run.objects.create(
        job=job.name,
        subject=subject,
        state=Run.State.SUCCEEDED,
        message=message[:500],
        result=result,
        created_at=now,
        started_at=now,
        finished_at=now,
    )


@transaction.atomic
def cancel_run(*, run: Run, now: datetime) -> Run:
    """Stop a run: at once while it waits, at its next checkpoint while it works."""
    run = Run.objects.select_for_update().get(pk=run.pk)
    if not run.is_open:
        raise Conflict(f"The run has {run.state} already.")
    run.cancel_requested = True
    if run.state == Run.State.QUEUED:
        run.state, run.finished_at, run.message = Run.State.CANCELLED, now, "Cancelled."
    run.save()
    return run


@transaction.atomic
def retry_run(*, run: Run, now: datetime) -> Run:
    """Send a failed or cancelled run again. Steps that it has finished are not repeated."""
    run = Run.objects.select_for_update().get(pk=run.pk)
    if run.state not in (Run.State.FAILED, Run.State.CANCELLED):
        raise Conflict(
            f"Only a failed or cancelled run can be tried again; this one has state {run.state}."
        )
    _requeue(run, now=now, message="Waiting to be tried again.", attempt=0)
    return run


def rescue_lost_runs(*, now: datetime) -> int:
    """Send again every run whose worker is silent, and every one that waits too long for one.

    Returns how many. A run lost too often fails, so that it cannot kill workers for ever.
    """
    silence = timedelta(seconds=launchopt_settings().run_lost_seconds)
    silent = Q(state=Run.State.RUNNING, heartbeat_at__lt=now - silence)
    forgotten = Q(state=Run.State.QUEUED, since__lt=now - LONGEST_WAIT)
    with transaction.atomic():
        runs = list(
            Run.objects.annotate(since=Coalesce("heartbeat_at", "created_at"))
            .select_for_update(skip_locked=True)
            .filter(silent | forgotten)
        )
        for run in runs:
            _rescue(run, now=now)
    return len(runs)


def _rescue(run: Run, *, now: datetime) -> None:
    if run.attempt >= MOST_ATTEMPTS:
        run.state, run.finished_at = Run.State.FAILED, now
        run.error = (
            f"Its worker was lost {run.attempt} times; the last step was {run.step or 'the first'}."
        )
        run.save()
        return
    _requeue(run, now=now, message="Its worker went silent; sent again.", attempt=run.attempt)


def _requeue(run: Run, *, now: datetime, message: str, attempt: int) -> None:
    run.state, run.lease, run.heartbeat_at, run.finished_at = Run.State.QUEUED, None, now, None
    run.cancel_requested, run.error, run.message, run.attempt = False, "", message, attempt
    run.save()
    jobs.send(jobs.ALL[run.job], run_id=str(run.pk), **run.arguments)


class Work:
    """The hand of a worker on a run: progress out, cancellation in, steps done once.

    Without a run (a schedule that ticks every minute) it reports to nobody and does every step.
    """

    def __init__(
        self, run: Run | None, *, clock: Clock, on_progress: Callable[[Run], None] | None = None
    ):
        self.run = run
        self.clock = clock
        self._on_progress = on_progress
        self._done = {s.name: s.result for s in run.steps.all()} if run else {}

    def once(self, name: str, action: Callable[[], dict[str, Any] | None]) -> dict[str, Any]:
        """Do a step and record it in one transaction, or give the result of one done before."""
        self.checkpoint()
        if name in self._done:
            return self._done[name]
        with transaction.atomic():
            result = action() or {}
            if self.run:
                RunStep.objects.create(
                    run=self.run, name=name, result=result, finished_at=self.clock()
                )
        self._done[name] = result
        return result

    def made_once(
        self,
        name: str,
        make: Callable[[], Any],
        keep: Callable[[Any], dict[str, Any] | None],
    ) -> dict[str, Any]:
        """A step whose slow part, `make`, holds no transaction: only keeping what it made does."""
        if name in self._done:
            return self._done[name]
        self.checkpoint()
        made = make()
        return self.once(name, lambda: keep(made))

    def expect(self, total: int) -> None:
        """Say how many pieces of work there are in all."""
        self._update(total=total)

    def report(
        self, *, done: int | None = None, step: str | None = None, message: str | None = None
    ) -> None:
        """Say how far it is. Raises RunCancelled or LeaseLost where it must stop."""
        given = {"done": done, "step": step, "message": message}
        self._update(**{name: value for name, value in given.items() if value is not None})
        self.checkpoint()

    def checkpoint(self) -> None:
        """Stop here if a person asked for it, or another worker has taken over."""
        if not self.run:
            return
        row = Run.objects.filter(pk=self.run.pk).values("lease", "cancel_requested").first()
        if row is None or row["lease"] != self.run.lease:
            raise LeaseLost
        if row["cancel_requested"]:
            raise RunCancelled

    def _update(self, **fields: Any) -> None:
        if not self.run:
            return
        for name, value in fields.items():
            setattr(self.run, name, value)
        Run.objects.filter(pk=self.run.pk, lease=self.run.lease).update(
            heartbeat_at=self.clock(), **fields
        )
        if self._on_progress:
            self._on_progress(self.run)


def take_lease(*, run_id: str, now: datetime) -> Run | None:
    """The run, if it waits to be worked on and nobody else holds it; else None."""
    lease = uuid.uuid4()
    taken = Run.objects.filter(pk=run_id, state=Run.State.QUEUED).update(
        state=Run.State.RUNNING,
        lease=lease,
        attempt=F("attempt") + 1,
        started_at=now,
        heartbeat_at=now,
        message="",
    )
    return Run.objects.get(pk=run_id) if taken else None


@contextmanager
def working_on(
    run: Run, *, clock: Clock, on_progress: Callable[[Run], None] | None = None
) -> Iterator[Work]:
    """Hold a leased run: signs of life while it works, its end written when it ends.

    An error is recorded and raised again; a cancelled or lost run ends quietly. Where the database
    goes away or the worker is told to stop, the run is left to be taken up again.
    """
    work = Work(run, clock=clock, on_progress=on_progress)
    with heartbeat(run, clock=clock):
        try:
            yield work
        except LeaseLost:
            return
        except RunCancelled:
            _end(run, Run.State.CANCELLED, now=clock(), message="Cancelled.")
        except KeyboardInterrupt:
            _end(run, Run.State.CANCELLED, now=clock(), message="Interrupted at the keyboard.")
            raise
        except SystemExit:
            _give_back(run, now=clock())
            raise
        except (OperationalError, InterfaceError):
            raise  # nothing can be written now; its silence has it sent again
        except Exception as error:
            _end(run, Run.State.FAILED, now=clock(), error=_one_line(error))
            raise


def succeed(run: Run, *, result: dict[str, Any], now: datetime) -> None:
    """Record what came out."""
    _end(run, Run.State.SUCCEEDED, now=now, result=result, error="")


@transaction.atomic
def _end(run: Run, state: str, *, now: datetime, **fields: Any) -> None:
    run.state, run.finished_at = state, now
    is_ours = Run.objects.filter(pk=run.pk, lease=run.lease).update(
        state=state, finished_at=now, lease=None, **fields
    )
    if is_ours:
        told = {"run": str(run.pk), "job": run.job, "subject": run.subject, "state": str(state)}
        tell(RUN_FINISHED, told, key=f"{run.pk} {now.isoformat()}", now=now)


def _give_back(run: Run, *, now: datetime) -> None:
    """Let the next worker take the run up, when its task is delivered again."""
    Run.objects.filter(pk=run.pk, lease=run.lease).update(
        state=Run.State.QUEUED, lease=None, heartbeat_at=now, message="Its worker was stopped."
    )


def _one_line(error: BaseException) -> str:
    words = " ".join(str(error).split()) or "no further words"
    return f"{type(error).__name__}: {words}"[:500]
