"""Experiments registered, started and stopped by a person; metrics of a shop's own; sizes."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from launchopt.experiments import outcomes, results, services
from launchopt.experiments.models import Experiment, Metric
from launchopt.operations.services import create_api_key
from tests.experiments.conftest import DAY, NOW, Shop

ADD = "admin:launchopt_experiments_experiment_add"
LIST = "admin:launchopt_experiments_experiment_changelist"
TERMS = {
    "name": "Free delivery",
    "variants": "plain: 3\nfree: 1",
    "metric": "conversion",
    "stopping_rule": "sequential",
    "counts_from": "exposure",
    "alpha": "0.05",
    "power": "0.8",
    "group_share": "0.5",
    "exclusion_group": "delivery",
}


@pytest.fixture
def page(analyst: Client) -> Client:
    return analyst


@pytest.fixture
def api(db: None) -> APIClient:
    key = create_api_key(name="test", group="analyst", now=timezone.now())
    return APIClient(headers={"Authorization": f"Bearer {key}"})


class TestForm:
    def test_registers_what_was_filled_in(self, page, shop: Shop):
        assert page.get(reverse(ADD)).status_code == 200
        more = {"sku": "LAMP", "is_aa": "on", "guardrails": "shop-revenue: -0.05"}
        answer = page.post(reverse(ADD), TERMS | more)
        assert answer.status_code == 302, answer.context["errors"]
        found = Experiment.objects.get()
        weights = {v.name: (v.weight, v.is_control) for v in found.variants.all()}
        assert weights == {"plain": (0.75, True), "free": (0.25, False)}
        assert (found.stopping_rule, found.counts_from) == ("sequential", "exposure")
        assert found.guardrails == {"shop-revenue": -0.05}
        assert (found.is_aa, found.product_id) == (True, shop.product.pk)
        assert (found.slice_from, found.slice_until) == (0, 0.5)

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"variants": "alone"}, "at least two variants"),
            ({"variants": "a: 0\nb: 0"}, "weight"),
            ({"variants": "a: much\nb: 1"}, "write a name and a weight"),
            ({"variants": "a: 1\na: 1\nb: 1"}, "Two lines name"),
            ({"metric": "joy"}, "Select a valid choice"),
            ({"guardrails": "joy: -0.05"}, "There is no metric"),
            ({"guardrails": "buyers"}, "write a metric and a share"),
            ({"guardrails": "buyers: 0"}, "The limit of buyers is a share"),
            ({"minimum_detectable_effect": "nan"}, "Enter a number"),
            ({"sku": "NONE"}, "There is no product NONE"),
            ({"ends_at_0": "2020-01-01", "ends_at_1": "00:00"}, "ends before it starts"),
            ({"alpha": "2"}, "alpha lies between 0 and 1"),
        ],
    )
    def test_tells_what_is_wrong_beside_its_field(self, page, changes, told):
        answer = page.post(reverse(ADD), TERMS | changes)
        assert answer.status_code == 200
        assert told in answer.content.decode()
        assert not Experiment.objects.exists()

    def test_is_not_for_everybody(self, page):
        get_user_model().objects.get(username="ana").groups.set(
            [Group.objects.get(name="operator")]
        )
        assert page.get(reverse(ADD)).status_code == 403

    def test_starts_and_stops_after_asking(self, page):
        page.post(reverse(ADD), TERMS)
        experiment = Experiment.objects.get()
        asked = {"_selected_action": [str(experiment.pk)]}
        page.post(reverse(LIST), asked | {"action": "start"})
        experiment.refresh_from_db()
        assert experiment.status == "running"
        assert (
            "cannot start again"
            in page.post(reverse(LIST), asked | {"action": "stop"}).content.decode()
        )
        page.post(reverse(LIST), asked | {"action": "stop", "confirmed": "yes"})
        experiment.refresh_from_db()
        assert experiment.status == "stopped"


class TestMetrics:
    VIEWS = {
        "name": "views",
        "kind": "mean",
        "event_kind": "view",
        "definition": "Views of the product per customer.",
    }

    def test_of_the_shops_own_are_measured(self, api, shop: Shop):
        assert api.post("/api/v1/metrics/", self.VIEWS, format="json").status_code == 201
        assert "views" in [m["name"] for m in api.get("/api/v1/metrics/").json()["results"]]
        experiment = shop.experiment(metric="views")
        customers = shop.customers(20)
        services.assign(experiment=experiment, customer_ids=customers, now=NOW)
        shop.purchases(customers, kind="view")
        found = outcomes.groups(experiment, metric=experiment.primary_metric)
        assert sum(group.moments.sum for group in found) == 20

    def test_of_an_unknown_event_are_refused(self, api):
        answer = api.post("/api/v1/metrics/", self.VIEWS | {"event_kind": "joy"}, format="json")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "/event_kind"

    def test_can_be_defined_by_hand_and_then_keep_their_terms(self, page):
        page.post(reverse("admin:launchopt_experiments_metric_add"), self.VIEWS)
        address = reverse("admin:launchopt_experiments_metric_change", args=["views"])
        page.post(address, {"definition": "Looks.", "event_kind": "click"})
        found = Metric.objects.get(name="views")
        assert (found.definition, found.event_kind) == ("Looks.", "view")


class TestBadInput:
    def test_an_end_before_the_start_is_named(self, api):
        past = (timezone.now() - timedelta(days=1)).isoformat()
        wish = {"name": "x", "weights": {"a": 1, "b": 1}, "control": "a", "ends_at": past}
        answer = api.post("/api/v1/experiments/", wish, format="json")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "/ends_at"

    def test_without_any_exposure_it_is_too_early(self, shop: Shop):
        experiment = shop.experiment(counts_from="exposure")
        services.assign(experiment=experiment, customer_ids=shop.customers(50), now=NOW)
        report = results.results(experiment, until=NOW + DAY)
        assert report["verdicts"][0]["verdict"] == "too early: nobody has been exposed"
        assert report["results"][0]["effect"] is None

    def test_before_anybody_is_assigned_it_says_so(self, shop: Shop):
        report = results.results(shop.experiment())
        assert report["verdicts"][0]["verdict"] == "too early: nobody has been assigned"


class TestSampleSize:
    def asked(self, *arguments: str) -> dict:
        out = StringIO()
        call_command("sample_size", "--control-rate", "0.1", *arguments, "--json", stdout=out)
        return json.loads(out.getvalue())

    def test_is_told_with_its_days(self):
        found = self.asked("--effect", "0.02", "--customers-a-day", "500")
        assert found == {"sample_size": 7682, "days": pytest.approx(15.364)}

    @pytest.mark.parametrize("wrong", [["--effect", "0"], ["--effect", "0.02", "--power", "2"]])
    def test_refuses_what_no_size_finds(self, wrong):
        with pytest.raises(CommandError):
            self.asked(*wrong)
