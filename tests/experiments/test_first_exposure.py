"""Experiments that count from the first exposure: registered so, told by the host, and read."""

from __future__ import annotations

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from launchopt.experiments import outcomes, results, services
from launchopt.experiments.models import Exposure
from launchopt.operations.errors import Conflict, NotFound
from launchopt.operations.services import create_api_key
from launchopt_core.moments import PairedMoments
from tests.experiments.conftest import DAY, NOW, Shop


@pytest.fixture
def analyst(db: None) -> APIClient:
    key = create_api_key(name="test", group="analyst", now=timezone.now())
    return APIClient(headers={"Authorization": f"Bearer {key}"})


class TestGroups:
    def test_count_whoever_saw_it_from_the_first_time_on(self, shop: Shop):
        experiment = shop.experiment(counts_from="exposure")
        assigned = services.assign(experiment=experiment, customer_ids=shop.customers(40), now=NOW)
        warm = [pk for pk, found in assigned.items() if found.variant == "warm"]
        for days in (2, 3):  # the first time counts
            services.record_exposures(
                experiment=experiment, names=_names(shop, warm[:3]), now=NOW + days * DAY
            )
        shop.purchases(warm[:2], occurred_at=NOW + DAY)  # had not seen it yet
        shop.purchases(warm[:1], occurred_at=NOW + 2 * DAY)
        shop.purchases(warm[5:9], occurred_at=NOW + 5 * DAY)  # never saw it
        (group,) = outcomes.groups(experiment, metric=experiment.primary_metric)
        assert group.paired == PairedMoments.of([(1, 0), (0, 0), (0, 0)])
        before = outcomes.groups(experiment, metric=experiment.primary_metric, until=NOW + DAY)
        assert before == []

    def test_results_are_of_those_who_saw_it(self, shop: Shop):
        experiment = shop.experiment(counts_from="exposure")
        assigned = services.assign(experiment=experiment, customer_ids=shop.customers(100), now=NOW)
        seen = list(assigned)[:60]
        services.record_exposures(experiment=experiment, names=_names(shop, seen), now=NOW)
        (row,) = results.results(experiment)["results"]
        assert row["n"] + row["control_n"] == 60


class TestRecording:
    def test_is_told_once_by_whoever_was_assigned(self, shop: Shop):
        experiment = shop.experiment(counts_from="exposure")
        customers = shop.customers(10)
        services.assign(experiment=experiment, customer_ids=customers, now=NOW)
        names = _names(shop, customers[:4])
        told = [
            services.record_exposures(experiment=experiment, names=names, now=NOW + n * DAY)
            for n in range(2)
        ]
        assert told == [4, 0]
        assert set(Exposure.objects.values_list("exposed_at", flat=True)) == {NOW}

    def test_refuses_strangers_and_what_is_over(self, shop: Shop):
        experiment = shop.experiment()
        shop.customers(1)
        with pytest.raises(NotFound, match="Ask for the variant first: c0"):
            services.record_exposures(experiment=experiment, names=["c0"], now=NOW)
        services.stop_experiment(experiment=experiment, now=NOW + DAY)
        with pytest.raises(Conflict, match="only a running one"):
            services.record_exposures(experiment=experiment, names=["c0"], now=NOW)


class TestApi:
    def test_registers_exposes_and_shows_it(self, shop: Shop, analyst: APIClient):
        body = {"name": "Lamp", "weights": {"a": 1, "b": 1}, "control": "a"}
        made = analyst.post(
            "/api/v1/experiments/", body | {"counts_from": "exposure"}, format="json"
        ).json()
        assert made["counts_from"] == "exposure"
        shop.customers(3)
        url = f"/api/v1/experiments/{made['id']}"
        analyst.post(f"{url}/start/")
        asked = {"customers": ["c0", "c1"]}
        analyst.post(f"{url}/assign/", asked, format="json")
        answer = analyst.post(f"{url}/expose/", asked, format="json")
        assert (answer.status_code, answer.json()) == (200, {"exposed": 2})
        changed = analyst.patch(f"{url}/", {"counts_from": "assignment"}, format="json")
        assert changed.status_code == 409


def _names(shop: Shop, customers: list[int]) -> list[str]:
    from launchopt.audiences.models import Customer

    return list(Customer.objects.filter(pk__in=customers).values_list("external_id", flat=True))
