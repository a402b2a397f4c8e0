"""The commands of a launch: one JSON object, one line for an error, and the promised exit codes."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from launchopt.campaigns.models import Launch
from launchopt.operations.models import AuditEntry, Run
from tests.support.launches import (
    NOW,
    ask,
    make_audience,
    make_customers,
    make_launch,
    make_product,
    make_running,
)
from tests.support.shops import score

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
TERMS = ["--budget", "5.00", "--currency", "GBP", "--start", NOW.isoformat(), "--days", "14"]


def run(*words, **options):
    """What a command prints."""
    out, err = StringIO(), StringIO()
    call_command(*words, stdout=out, stderr=err, **options)
    return out.getvalue()


def refused(*words):
    """The exit code and the line of a command that fails."""
    with pytest.raises(CommandError) as caught:
        run(*words)
    return caught.value.returncode, str(caught.value)


@pytest.fixture
def simulated_time(settings):
    settings.LAUNCHOPT = settings.LAUNCHOPT | {"ALLOW_CLIENT_CLOCK": True}


class TestPlanLaunch:
    def test_with_wait_returns_when_the_plan_stands(self):
        product, customers = make_product(), make_customers(100)
        score(product, customers, chances=[0.3 / (1 + n) for n in range(100)])
        answer = run("plan_launch", "MUG-1", *TERMS, "--as-of", NOW.isoformat(), "--wait", "--json")
        launch = Launch.objects.get(pk=json.loads(answer)["launch"])
        assert launch.status == "planned"
        assert Run.objects.get(subject=f"launch:{launch.pk}").state == "succeeded"

    def test_without_wait_asks_a_worker(self):
        make_product()
        answer = json.loads(run("plan_launch", "MUG-1", *TERMS, "--json"))
        launch = Launch.objects.get(pk=answer["launch"])
        assert launch.status == "planning"
        assert Run.objects.get().state == "queued"

    def test_takes_channels_holdout_cap_and_a_name(self):
        make_product()
        options = ["--channel", "onsite:0.02", "--channel", "email:0.005", "--holdout", "0.2"]
        run("plan_launch", "MUG-1", *TERMS, *options, "--cap", "2/48", "--by", "anna")
        launch = Launch.objects.get()
        assert launch.channels == {"onsite": "0.02", "email": "0.005"}
        assert (launch.holdout, launch.cap_contacts, launch.cap_window_hours) == (0.2, 2, 48)
        assert launch.created_by == "anna"

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["--budget", "0"], "more than 0"),
            (["--budget", "lots"], "not an amount"),
            (["--days", "-1"], "before it starts"),
            (["--days", "0"], "before it starts"),
            (["--currency", "POUND"], "three letters"),
            (["--holdout", "1"], "holdout"),
            (["--channel", "onsite"], "NAME:COST"),
            (["--channel", "onsite:0"], "more than 0"),
            (["--cap", "often"], "CONTACTS/HOURS"),
            (["--start", "soon"], "soon"),
        ],
    )
    def test_wrong_arguments_end_with_2_and_say_what_is_wrong(self, words, told):
        make_product()
        code, line = refused("plan_launch", "MUG-1", *TERMS, *words)
        assert told in line
        assert code in (1, 2)  # argparse's own errors carry 2 only on a real command line
        assert not Launch.objects.exists()

    def test_an_unknown_sku_ends_with_2(self):
        code, line = refused("plan_launch", "NOWHERE", *TERMS)
        assert code == 2
        assert "NOWHERE" in line


class TestLifecycle:
    def test_approve_start_pause_resume_finish(self, simulated_time):
        launch = make_launch(make_audience(make_customers(1)))
        at = ["--at", NOW.isoformat()]
        steps = [
            ("approve_launch", ["--by", "eve"], "approved"),
            ("start_launch", at, "running"),
            ("pause_launch", [], "paused"),
            ("resume_launch", [], "running"),
            ("finish_launch", [], "finished"),
        ]
        for command, options, state in steps:
            answer = json.loads(run(command, str(launch.pk), *options, "--json"))
            assert answer == {"launch": str(launch.pk), "status": state}
        launch.refresh_from_db()
        assert launch.is_simulated
        assert launch.finished_at == NOW
        assert AuditEntry.objects.filter(actor="eve", action="approve_launch").exists()

    def test_the_emergency_stop_holds_for_all_that_runs_from_the_next_decision_on(self):
        customers = make_customers(2)
        running = make_running(make_audience(customers), weights={"holdout": 1e-9, "a": 1})
        assert ask(customers[0]).reason == "shown"
        waiting = make_launch(make_audience(customers[:1]), product=make_product("CUP-1"))
        answer = json.loads(run("stop_launches", "--by", "anna", "--json"))
        assert answer == {"stopped": [{"launch": str(running.pk), "name": running.name}]}
        assert ask(customers[1]).reason == "paused"
        waiting.refresh_from_db()
        assert waiting.status == Launch.Status.PLANNED
        assert json.loads(run("stop_launches", "--json")) == {"stopped": []}

    def test_a_second_start_ends_with_1(self, simulated_time):
        launch = make_launch(make_audience(make_customers(1)), status=Launch.Status.APPROVED)
        run("start_launch", str(launch.pk), "--at", NOW.isoformat())
        code, line = refused("start_launch", str(launch.pk), "--at", NOW.isoformat())
        assert (code, "running cannot be started" in line) == (1, True)

    def test_at_is_refused_where_the_shop_runs_on_its_own_clock(self):
        launch = make_launch(make_audience(make_customers(1)), status=Launch.Status.APPROVED)
        code, line = refused("start_launch", str(launch.pk), "--at", NOW.isoformat())
        assert (code, "ALLOW_CLIENT_CLOCK" in line) == (2, True)

    @pytest.mark.parametrize("name", ["5f0c", "00000000-0000-0000-0000-000000000000"])
    def test_an_unknown_launch_ends_with_2(self, name):
        assert refused("start_launch", name)[0] == 2

    def test_a_user_without_the_permission_may_not_approve(self):
        get_user_model().objects.create_user("ben", password="a long passphrase")
        launch = make_launch(make_audience(make_customers(1)))
        code, line = refused("approve_launch", str(launch.pk), "--by", "ben")
        assert (code, "ben lacks the permission" in line) == (1, True)


def test_a_real_command_line_ends_with_2_for_a_wrong_option():
    words = [sys.executable, "manage.py", "plan_launch", "MUG-1", *TERMS, "--cap", "often"]
    finished = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ
    )
    assert finished.returncode == 2
    assert "CONTACTS/HOURS" in finished.stderr
    assert finished.stdout == ""
