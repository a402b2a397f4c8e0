"""The story of a launch: from a shop's files to a measured result, over REST as a shop would."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db.models import Sum
from django.utils import timezone

from launchopt import jobs
from launchopt.audiences.models import Event
from launchopt.campaigns.models import Decision, Launch
from launchopt.experiments.models import Assignment
from launchopt.operations.models import Run
from launchopt.operations.services import create_api_key
from launchopt_project.demo.client import ApiRefused, Client
from launchopt_project.demo.comparison import compare
from launchopt_project.demo.files import write_files
from launchopt_project.demo.market import DEMO, Market, make_market
from launchopt_project.demo.play import Played, Stage
from launchopt_workers import due, tasks  # noqa: F401 - registers every body
from launchopt_workers.running import BODIES, run_here, work_on_run

SKU = "COF-NEW"
DELIVERY = (jobs.PACE_LAUNCHES, jobs.ROLL_UP_METRICS, jobs.UPDATE_WEIGHTS)

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_worker"),
    pytest.mark.slow,
]


@pytest.fixture
def market() -> Market:
    return make_market(DEMO.smaller(shoppers=500, products=96))


@pytest.fixture
def simulated_time(settings: Any) -> None:
    settings.LAUNCHOPT = {**settings.LAUNCHOPT, "ALLOW_CLIENT_CLOCK": True}


def client_of(group: str, url: str) -> Client:
    return Client(url, key=create_api_key(name=group, group=group, now=timezone.now()))


def import_market(market: Market, folder: Path) -> None:
    files = write_files(market, folder=folder)
    call_command("import_products", str(files.products), json=True)
    call_command("import_customers", str(files.customers), json=True)
    call_command("import_events", str(files.events), exposures_randomised=True, json=True)


def learn(as_of: datetime) -> None:
    for job in (jobs.TRAIN_INTEREST, jobs.BUILD_PERSONAS):
        run_here(job, as_of=as_of.isoformat())


def plan(marketer: Client, starts_at: datetime) -> Launch:
    """Ask for a plan; a worker's hand does it."""
    wish = {
        "sku": SKU,
        "budget": "40.00",
        "currency": "GBP",
        "starts_at": starts_at.isoformat(),
        "days": DEMO.launch_days,
        "channels": {"onsite": "0.10"},
        "holdout": 0.3,
        "cap_contacts": DEMO.cap_contacts,
        "cap_window_hours": DEMO.launch_days * 24,
        "as_of": starts_at.isoformat(),
    }
    answer = marketer.post("launches/", wish)
    work_on_run(answer["run"], BODIES[jobs.PLAN_LAUNCH.name])
    run = marketer.get(f"runs/{answer['run']}/")
    assert run["state"] == Run.State.SUCCEEDED, run["error"]
    return Launch.objects.get(pk=answer["id"])


def approve(marketer: Client, launch: Launch) -> None:
    """The one who planned it may not; a person approves."""
    with pytest.raises(ApiRefused, match="403"):
        marketer.post(f"launches/{launch.pk}/approve/", {})
    from launchopt.campaigns import services

    person = get_user_model().objects.create_superuser("ann", "ann@example.com", "a passphrase")
    services.approve_launch(launch=launch, by=person, now=launch.starts_at)


def play(stage: Stage, shop: Client) -> Played:
    played = stage.opening()
    for until in stage.intervals(since=played.until, length=timedelta(days=1)):
        answers = stage.ask(played, until=until, api=shop)
        played = stage.react(played, until=until, answers=answers, api=shop)
        found = due.run_due(until=until, now=timezone.now(), only=DELIVERY)
        assert not [done.error for done in found if done.error]
    return played


class TestALaunch:
    def test_goes_from_files_to_a_measured_result(
        self, market: Market, simulated_time: None, live_server: Any, tmp_path: Path
    ):
        shop, marketer = (client_of(g, live_server.url) for g in ("integration", "marketer"))
        starts_at, ends_at = market.days_of(SKU)

        # The shop brings its files, and the models learn what was known before the launch.
        import_market(market, tmp_path)
        learn(starts_at)

        # A marketer plans; nobody has bought the product, and yet the plan is complete.
        assert not Event.objects.filter(product__sku=SKU).exists()
        launch = plan(marketer, starts_at)
        assert launch.status == Launch.Status.PLANNED
        assert launch.campaigns.exists()
        assert launch.creatives.exists()
        cells = launch.budget_plan.cells.aggregate(all=Sum("amount"))["all"]
        assert cells + launch.budget_plan.unspent == launch.budget == Decimal("40.00")

        # A person approves it, and it starts on simulated time.
        approve(marketer, launch)
        started = marketer.post(f"launches/{launch.pk}/start/", {"at": starts_at.isoformat()})
        assert started["status"] == "running"
        with pytest.raises(ApiRefused, match="409"):
            marketer.post(f"launches/{launch.pk}/start/", {"at": starts_at.isoformat()})

        # For 14 days shoppers come, are decided about, and do what they do.
        stage = Stage(market, sku=SKU, launch=str(launch.pk))
        played = play(stage, shop)
        assert marketer.get(f"launches/{launch.pk}/")["status"] == "finished"
        due.run_due(until=ends_at + timedelta(days=1), now=timezone.now(), only=DELIVERY)

        # What is reported is what happened.
        report = marketer.get(f"launches/{launch.pk}/report/")
        totals, contacts = report["totals"], int(played.contacts.count.sum())
        assert totals["exposures"] == contacts > 0
        assert Decimal(totals["spend"]) == contacts * Decimal("0.10") <= launch.budget
        assert totals["conversions"] <= played.contacts.has_bought.sum()

        # Consent, holdout and caps held at every decision.
        consents = dict(
            zip(market.shoppers.external_id, market.shoppers.consents.tolist(), strict=True)
        )
        shown = Decision.objects.filter(reason="shown").values_list(
            "customer__external_id", "variant"
        )
        assert all(consents[customer] for customer, _ in shown)
        assert "holdout" not in {variant for _, variant in shown}
        assert played.contacts.count.max() <= DEMO.cap_contacts

        # The effect is measured on everybody who was assigned, and stands beside the truth.
        results = marketer.get(f"experiments/{launch.experiment_id}/results/")
        assert results["control"] == "holdout"
        effect = report["effect"]
        assert effect["n"] + effect["control_n"] == Assignment.objects.count()
        assert effect["interval"][0] <= effect["estimate"] <= effect["interval"][1]
        beside = compare(market, stage.fate, played, effect=effect, cap=DEMO.cap_contacts)
        assert 0 <= beside.caused <= beside.best
        assert beside.real <= 1
