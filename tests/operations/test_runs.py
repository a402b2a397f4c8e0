"""Runs: asked for once, worked on by one, stopped, tried again, rescued."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection

from launchopt import jobs
from launchopt.operations import runs
from launchopt.operations.errors import Conflict
from launchopt.operations.models import Run

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def clock() -> datetime:
    return NOW


def new_run(**arguments: object) -> Run:
    return runs.create_run(job=jobs.RESCUE_RUNS, arguments=arguments, now=NOW)


def leased(run: Run) -> Run:
    taken = runs.take_lease(run_id=str(run.pk), now=NOW)
    assert taken is not None
    return taken


class TestRequestRun:
    def test_gives_back_an_open_run_of_the_same_work(self):
        first, second = (
            runs.request_run(job=jobs.RESCUE_RUNS, arguments={"a": 1}, subject="x", now=NOW)
            for _ in range(2)
        )
        assert first == second

    def test_makes_a_new_run_for_other_work(self):
        first, second = (
            runs.request_run(job=jobs.RESCUE_RUNS, arguments={"a": a}, now=NOW) for a in (1, 2)
        )
        assert first != second


class TestTakeLease:
    def test_goes_to_one_worker_only(self):
        run = new_run()
        assert runs.take_lease(run_id=str(run.pk), now=NOW)
        assert runs.take_lease(run_id=str(run.pk), now=NOW) is None

    def test_is_refused_for_a_run_that_has_ended(self):
        run = new_run()
        runs.cancel_run(run=run, now=NOW)
        assert runs.take_lease(run_id=str(run.pk), now=NOW) is None


class TestWork:
    def test_does_a_finished_step_only_once_even_in_a_second_attempt(self):
        run, done = leased(new_run()), []

        def first_attempt() -> None:
            with runs.working_on(run, clock=clock) as work:
                work.once("first", lambda: done.append("first"))
                raise ValueError("broken")

        with pytest.raises(ValueError, match="broken"):
            first_attempt()
        runs.retry_run(run=run, now=NOW)
        again = leased(run)
        with runs.working_on(again, clock=clock) as work:
            work.once("first", lambda: done.append("first again"))
            work.once("second", lambda: done.append("second"))
        assert done == ["first", "second"]

    def test_gives_the_result_of_a_step_done_before(self):
        run = leased(new_run())
        with runs.working_on(run, clock=clock) as work:
            work.once("count", lambda: {"rows": 3})
            assert work.once("count", lambda: {"rows": 4}) == {"rows": 3}

    def test_an_error_is_kept_in_one_line(self):
        run = leased(new_run())
        with pytest.raises(ValueError, match="two"), runs.working_on(run, clock=clock):
            raise ValueError("two\nlines")
        run.refresh_from_db()
        assert (run.state, run.error) == (Run.State.FAILED, "ValueError: two lines")

    def test_stops_at_a_checkpoint_when_a_person_cancels(self):
        run = leased(new_run())
        with runs.working_on(run, clock=clock) as work:
            runs.cancel_run(run=run, now=NOW)
            work.checkpoint()
            pytest.fail("the work went on")
        run.refresh_from_db()
        assert run.state == Run.State.CANCELLED

    def test_stops_without_a_trace_when_another_worker_has_taken_over(self):
        run = leased(new_run())
        with runs.working_on(run, clock=clock) as work:
            Run.objects.filter(pk=run.pk).update(lease=None, state=Run.State.QUEUED)
            work.once("step", lambda: pytest.fail("the step was done twice"))
        run.refresh_from_db()
        assert run.state == Run.State.QUEUED

    def test_shows_its_progress(self):
        run = leased(new_run())
        with runs.working_on(run, clock=clock) as work:
            work.expect(4)
            work.report(done=1, step="reading")
            shown = Run.objects.get(pk=run.pk)
        assert (shown.percent, shown.step) == (25, "reading")


class TestRescueLostRuns:
    def test_sends_a_silent_run_again(self):
        run = leased(new_run())
        assert runs.rescue_lost_runs(now=NOW + timedelta(minutes=2)) == 1
        run.refresh_from_db()
        assert (run.state, run.lease) == (Run.State.QUEUED, None)

    def test_leaves_a_run_that_gives_signs_of_life(self):
        run = leased(new_run())
        assert runs.rescue_lost_runs(now=NOW + timedelta(seconds=5)) == 0
        run.refresh_from_db()
        assert run.state == Run.State.RUNNING

    def test_gives_up_on_a_run_that_kills_its_workers(self):
        run = leased(new_run())
        Run.objects.filter(pk=run.pk).update(attempt=runs.MOST_ATTEMPTS)
        runs.rescue_lost_runs(now=NOW + timedelta(minutes=2))
        run.refresh_from_db()
        assert run.state == Run.State.FAILED
        assert "lost 5 times" in run.error

    def test_sends_again_what_waits_too_long_for_a_worker(self):
        run = new_run()
        assert runs.rescue_lost_runs(now=NOW + timedelta(minutes=2)) == 0
        assert runs.rescue_lost_runs(now=NOW + timedelta(minutes=11)) == 1
        run.refresh_from_db()
        assert run.state == Run.State.QUEUED


class TestInterruptions:
    def test_a_worker_told_to_stop_gives_its_run_back(self):
        run = leased(new_run())
        with pytest.raises(SystemExit), runs.working_on(run, clock=clock):
            raise SystemExit
        assert runs.take_lease(run_id=str(run.pk), now=NOW) is not None

    @pytest.mark.django_db(transaction=True)
    def test_a_database_that_goes_away_leaves_the_run_to_be_rescued(self):
        run = leased(new_run())

        def lose_the_database() -> None:
            with runs.working_on(run, clock=clock), connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        with pytest.raises(OperationalError):
            lose_the_database()
        connection.close()
        run.refresh_from_db()
        assert run.state == Run.State.RUNNING
        assert runs.rescue_lost_runs(now=NOW + timedelta(minutes=2)) == 1


class TestCancelAndRetry:
    def test_a_finished_run_cannot_be_cancelled(self):
        run = leased(new_run())
        runs.succeed(run, result={}, now=NOW)
        with pytest.raises(Conflict, match="succeeded"):
            runs.cancel_run(run=run, now=NOW)

    def test_a_running_run_cannot_be_tried_again(self):
        with pytest.raises(Conflict, match="running"):
            runs.retry_run(run=leased(new_run()), now=NOW)


def test_a_real_worker_takes_up_a_requested_run(real_worker):
    run = runs.request_run(job=jobs.RESCUE_RUNS, arguments={}, now=datetime.now(UTC))
    real_worker.wait_until(lambda: Run.objects.get(pk=run.pk).state == Run.State.SUCCEEDED)
    assert Run.objects.get(pk=run.pk).result == {"rescued": 0}
