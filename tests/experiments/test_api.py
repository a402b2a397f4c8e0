"""Experiments over REST."""

from __future__ import annotations

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from launchopt.experiments import results, services
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

    def test_cannot_be_changed_from_outside(self, shop: Shop, client: APIClient):
        experiment = shop.experiment()
        answer = client.patch(f"/api/v1/experiments/{experiment.pk}/", {}, format="json")
        assert answer.status_code in (403, 405)


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
