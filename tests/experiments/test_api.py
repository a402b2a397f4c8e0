"""Experiments over REST."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from launchopt.experiments import results, services
from launchopt.experiments.models import Experiment, MomentRollup
from launchopt.operations.models import AuditEntry
from launchopt.operations.services import create_api_key
from tests.experiments.conftest import DAY, NOW, Shop


@pytest.fixture
def client(db: None) -> APIClient:
    client = APIClient()
    key = create_api_key(name="analyst", group="analyst", now=timezone.now())
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


class TestExperiments:
    def test_shows_how_it_was_registered(self, shop: Shop, client: APIClient):
        experiment = shop.experiment()
        found = client.get(f"/api/v1/experiments/{experiment.pk}/").json()
        assert found["primary_metric"]["name"] == "conversion"
        assert [v["name"] for v in found["variants"]] == ["holdout", "warm"]
        assert found["phases"][0]["weights"] == {"holdout": 0.5, "warm": 0.5}

    def test_lists_a_page_in_a_fixed_number_of_queries(
        self, shop: Shop, client: APIClient, django_assert_max_num_queries
    ):
        for _ in range(5):
            shop.experiment()
        with django_assert_max_num_queries(9):
            assert client.get("/api/v1/experiments/").json()["count"] == 5


class TestRegistration:
    WISH: ClassVar = {
        "name": "Free delivery",
        "weights": {"control": 0.5, "free": 0.5},
        "control": "control",
        "metric": "revenue",
        "stopping_rule": "sequential",
    }

    def register(self, client: APIClient, **changes):
        return client.post("/api/v1/experiments/", self.WISH | changes, format="json")

    def test_writes_down_what_is_compared(self, shop: Shop, client: APIClient):
        answer = self.register(client, product=shop.product.sku, planned_sample_size=900)
        assert answer.status_code == 201
        found = answer.json()
        assert found["status"] == "draft"
        assert found["stopping_rule"] == "sequential"
        assert found["planned_sample_size"] == 900

    @pytest.mark.parametrize(
        ("changes", "pointer"),
        [
            ({"weights": {"control": 1.0}}, "/weights"),
            ({"weights": {"control": 0, "free": 0}}, "/weights"),
            ({"metric": "joy"}, "/metric"),
            ({"minimum_detectable_effect": "nan"}, "/minimum_detectable_effect"),
            ({"guardrails": {"joy": -0.05}}, "/guardrails"),
            ({"ends_at": "2020-01-01T00:00:00Z"}, "/ends_at"),
            ({"alpha": 0}, "/alpha"),
            ({"group_share": 2, "exclusion_group": "prices"}, "/group_share"),
            ({"salt": "mine"}, "/salt"),
        ],
    )
    def test_names_what_is_wrong(self, db, client: APIClient, changes, pointer):
        answer = self.register(client, **changes)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == pointer

    def test_can_be_mended_before_the_start(self, db, client: APIClient):
        address = f"/api/v1/experiments/{self.register(client).json()['id']}/"
        changed = client.patch(address, {"planned_sample_size": 400}, format="json")
        assert changed.json()["planned_sample_size"] == 400
        assert AuditEntry.objects.get(action="change_experiment").before == {
            "planned_sample_size": None
        }

    def test_cannot_be_changed_to_end_before_it_starts(self, db, client: APIClient):
        address = f"/api/v1/experiments/{self.register(client).json()['id']}/"
        answer = client.patch(address, {"ends_at": "2020-01-01T00:00:00Z"}, format="json")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "/ends_at"

    def test_is_a_conflict_to_change_later_and_leaves_a_trail(self, shop, client: APIClient):
        experiment = shop.experiment()
        address = f"/api/v1/experiments/{experiment.pk}/"
        answer = client.patch(address, {"alpha": 0.2}, format="json")
        assert answer.status_code == 409
        assert AuditEntry.objects.get(action="refuse_change").after == {"alpha": 0.2}
        experiment.refresh_from_db()
        assert experiment.alpha == 0.05

    def test_runs_from_start_to_stop(self, shop: Shop, client: APIClient):
        shop.customers(3)
        address = f"/api/v1/experiments/{self.register(client).json()['id']}/"
        asked = {"customers": ["c0", "c1", "c2"]}
        assert client.post(f"{address}assign/", asked, format="json").status_code == 409
        assert client.post(f"{address}start/").json()["status"] == "running"
        first = client.post(f"{address}assign/", asked, format="json").json()["variants"]
        assert set(first) == {"c0", "c1", "c2"}
        assert set(first.values()) <= {"control", "free"}
        assert client.post(f"{address}assign/", asked, format="json").json()["variants"] == first
        assert client.post(f"{address}stop/").json()["status"] == "stopped"

    def test_leaves_a_launchs_own_alone(self, shop: Shop, client: APIClient):
        experiment = shop.experiment(subject_id=uuid.uuid4())
        answer = client.post(f"/api/v1/experiments/{experiment.pk}/stop/")
        assert answer.status_code == 409
        assert "launch" in answer.json()["detail"]

    def test_names_customers_that_are_unknown(self, shop: Shop, client: APIClient):
        address = f"/api/v1/experiments/{shop.experiment().pk}/assign/"
        answer = client.post(address, {"customers": ["nobody"]}, format="json")
        assert answer.status_code == 404
        assert "nobody" in answer.json()["detail"]


class TestMoments:
    @pytest.fixture
    def experiment(self, shop: Shop) -> Experiment:
        """Three customers in two hours of one day, and one the day after."""
        experiment = shop.experiment()
        at = [NOW, NOW + DAY / 24, NOW + DAY / 24, NOW + DAY]
        MomentRollup.objects.bulk_create(
            MomentRollup(
                experiment=experiment, metric_id="conversion", variant="warm", phase=1,
                starts_at=instant + timedelta(minutes=n), n=1, sum="0.10000001",
            )
            for n, instant in enumerate(at)
        )  # fmt: skip
        return experiment

    @pytest.mark.parametrize(
        ("grain", "counts"), [("minute", [1, 1, 1, 1]), ("hour", [1, 2, 1]), ("day", [3, 1])]
    )
    def test_are_told_by_the_grain_that_is_asked_for(self, experiment, client, grain, counts):
        found = client.get(f"/api/v1/experiments/{experiment.pk}/moments/", {"grain": grain})
        rows = found.json()["results"]
        assert [row["count"] for row in rows] == counts
        assert sum(Decimal(row["sum"]) for row in rows) == Decimal("0.40000004")

    def test_another_grain_is_named(self, experiment, client):
        answer = client.get(f"/api/v1/experiments/{experiment.pk}/moments/", {"grain": "week"})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "/grain"


class TestSampleSize:
    ADDRESS = "/api/v1/experiments/sample_size/"

    def test_is_that_of_the_core(self, db, client: APIClient):
        asked = {"control_rate": 0.1, "effect": 0.02, "customers_a_day": 500}
        found = client.post(self.ADDRESS, asked, format="json").json()
        assert found == {"sample_size": 7682, "days": pytest.approx(15.364)}

    def test_of_no_effect_is_refused(self, db, client: APIClient):
        answer = client.post(self.ADDRESS, {"control_rate": 0.1, "effect": 0}, format="json")
        assert answer.status_code == 400


class TestResults:
    def test_answers_what_the_selector_gives(self, shop: Shop, client: APIClient):
        experiment, customers = shop.experiment(), shop.customers(100)
        services.assign(experiment=experiment, customer_ids=customers, now=NOW)
        shop.purchases(customers[:30])
        answer = client.get(f"/api/v1/experiments/{experiment.pk}/results/")
        assert answer.json() == results.results(experiment)

    def test_can_be_asked_as_of_an_instant(self, shop: Shop, client: APIClient):
        experiment, customers = shop.experiment(), shop.customers(100)
        services.assign(experiment=experiment, customer_ids=customers, now=NOW)
        shop.purchases(customers[:30], occurred_at=NOW + 3 * DAY)
        address = f"/api/v1/experiments/{experiment.pk}/results/"
        early = client.get(address, {"until": (NOW + DAY).isoformat()}).json()
        assert early["results"][0]["mean"] == 0

    def test_an_instant_without_a_zone_is_named(self, shop: Shop, client: APIClient):
        address = f"/api/v1/experiments/{shop.experiment().pk}/results/"
        answer = client.get(address, {"until": "2026-03-02T09:00:00"})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "/until"

    def test_an_unknown_experiment_is_404(self, client: APIClient):
        address = "/api/v1/experiments/00000000-0000-0000-0000-000000000000/results/"
        assert client.get(address).status_code == 404
