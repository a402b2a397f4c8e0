"""What falls due: in order, as often as it must, each launch on its own clock."""

import json
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from launchopt import jobs
from launchopt.campaigns import services
from launchopt.campaigns.models import Campaign, Decision, Launch
from launchopt.experiments.models import Assignment, Phase
from launchopt.operations.models import JobClock
from launchopt_workers import due
from tests.support.launches import (
    HOUR,
    NOW,
    ask,
    make_audience,
    make_customers,
    make_launch,
    make_running,
)
from tests.support.shops import happened

pytestmark = pytest.mark.django_db
WALL = NOW + timedelta(days=3000)
TENDING = (jobs.PACE_LAUNCHES, jobs.UPDATE_WEIGHTS)


def make_simulated(customers, **given):
    launch = make_launch(make_audience(customers), **given)
    services.approve_launch(launch=launch, by="eve", now=NOW)
    return services.start_launch(launch=launch, by="anna", now=NOW, is_simulated=True)


def tend(until):
    found = due.run_due(until=until, now=WALL, only=TENDING)
    assert [done.error for done in found if done.error] == []
    return {done.job: done for done in found}


class TestPacing:
    def test_runs_at_each_due_time_on_a_simulated_clock(self):
        launch = make_simulated(make_customers(1), budget="24.00", hours=24)
        found = tend(NOW + HOUR)
        assert found[jobs.PACE_LAUNCHES.name].times == 12 + 1  # and once at the time of the wall
        launch.refresh_from_db()
        assert launch.clock_at == NOW + HOUR
        assert Campaign.objects.get().allowance == pytest.approx(Decimal("1.0833"))

    def test_again_until_the_same_instant_has_nothing_left_to_do(self):
        make_simulated(make_customers(1))
        tend(NOW + HOUR)
        assert tend(NOW + HOUR)[jobs.PACE_LAUNCHES.name].times == 1

    def test_ends_a_simulated_launch_at_its_end_and_leaves_the_others_alone(self):
        simulated = make_simulated(make_customers(1), hours=24)
        real = make_running(
            make_audience(make_customers(1, prefix="r")), product=simulated.product, hours=24
        )
        Launch.objects.filter(pk=real.pk).update(ends_at=WALL + HOUR)
        tend(NOW + 25 * HOUR)
        simulated.refresh_from_db()
        real.refresh_from_db()
        assert (simulated.status, simulated.finished_at) == ("finished", NOW + 24 * HOUR)
        assert real.status == "running"

    def test_a_reservation_lapses_by_the_simulated_clock_alone(self):
        [customer] = make_customers(1)
        make_simulated([customer], weights={"holdout": 1e-9, "a": 1.0})
        question = services.Question(
            customer="c0", placement="home", at=NOW, context={}, is_simulated=True
        )
        services.decide(questions=[question])
        services.pace_launches(now=WALL)
        assert Decision.objects.get().state == "reserved"
        tend(NOW + timedelta(minutes=29))
        assert Decision.objects.get().state == "reserved"
        tend(NOW + timedelta(minutes=31))
        assert Decision.objects.get().state == "lapsed"


class TestWeights:
    def test_follow_what_converts_and_move_nobody(self):
        customers = make_customers(400)
        weights = {"holdout": 0.1, "a": 0.45, "b": 0.45}
        launch = make_simulated(customers, budget="1000.00", weights=weights)
        questions = [
            services.Question(
                customer=c.external_id, placement="home", at=NOW, context={}, is_simulated=True
            )
            for c in customers
        ]
        services.decide(questions=questions)
        assigned = dict(Assignment.objects.values_list("customer", "variant__name"))
        winners = [c for c in customers if assigned[c.pk] == "b"]
        happened(winners[:80], "purchase", at=NOW + HOUR, product=launch.product)
        tend(NOW + 5 * HOUR)
        phases = Phase.objects.filter(experiment=launch.experiment)
        assert phases.count() == 2
        new = phases.latest("number").weights
        assert new["b"] > 0.8
        assert new["a"] >= 0.04  # the exploration floor of what is not held out
        assert new["holdout"] == pytest.approx(0.1)
        assert dict(Assignment.objects.values_list("customer", "variant__name")) == assigned

    def test_come_once_for_each_period(self):
        make_simulated(make_customers(1))
        assert tend(NOW + 5 * HOUR)[jobs.UPDATE_WEIGHTS.name].times == 2
        assert tend(NOW + 6 * HOUR)[jobs.UPDATE_WEIGHTS.name].times == 1
        assert tend(NOW + 10 * HOUR)[jobs.UPDATE_WEIGHTS.name].times == 2


class TestClocks:
    def test_a_job_with_a_watermark_runs_once_however_much_time_has_gone_by(self):
        found = due.run_due(until=NOW, now=WALL, only=[jobs.CREATE_PARTITIONS])
        assert [done.times for done in found] == [1]
        assert due.run_due(until=NOW + 23 * HOUR, now=WALL, only=[jobs.CREATE_PARTITIONS]) == []
        later = NOW + timedelta(days=30)
        found = due.run_due(until=later, now=WALL, only=[jobs.CREATE_PARTITIONS])
        assert [done.times for done in found] == [1]
        assert JobClock.objects.get(job=jobs.CREATE_PARTITIONS.name).last_run_at == later

    def test_a_job_that_fails_stays_due_and_hinders_no_other(self, monkeypatch):
        def broken(*_, **__):
            raise RuntimeError("no paper left")

        monkeypatch.setitem(due.BODIES, jobs.CREATE_PARTITIONS.name, broken)
        only = [jobs.CREATE_PARTITIONS, jobs.ROLL_UP_METRICS]
        found = {done.job: done for done in due.run_due(until=NOW, now=WALL, only=only)}
        assert "no paper left" in found[jobs.CREATE_PARTITIONS.name].error
        assert found[jobs.ROLL_UP_METRICS.name].times == 1
        assert not JobClock.objects.filter(job=jobs.CREATE_PARTITIONS.name).exists()


class TestTheCommand:
    def test_prints_one_object_and_shows_what_it_does_beside_it(self):
        out, err = StringIO(), StringIO()
        make_simulated(make_customers(1))
        call_command(
            "run_due", "--until", (NOW + HOUR / 6).isoformat(), "--json",
            "--only", "pace_launches", stdout=out, stderr=err,
        )  # fmt: skip
        report = json.loads(out.getvalue())
        assert report["failed"] == []
        assert [(job["job"], job["times"]) for job in report["jobs"]] == [
            (jobs.PACE_LAUNCHES.name, 3)
        ]
        assert "Pace running launches" in err.getvalue()

    def test_refuses_an_instant_that_is_none(self):
        with pytest.raises(CommandError):
            call_command("run_due", "--until", "tomorrow")


def test_a_simulated_launch_goes_on_after_a_pause_of_the_wall():
    [customer] = make_customers(1)
    make_simulated([customer])
    services.finish_ended(now=WALL)
    assert ask(customer).reason == "no_launch"  # without a simulated clock it is not asked
    assert Launch.objects.get().status == "running"
