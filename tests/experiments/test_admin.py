"""Experiments in the admin: read by people, written by nobody."""

from datetime import UTC, datetime

import pytest

from launchopt.audiences.models import Customer
from launchopt.experiments.models import Result
from launchopt.experiments.services import assign, record_results, register_experiment

NOW = datetime(2026, 3, 1, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def experiment():
    found = register_experiment(
        name="Words <b>a</b> or b", weights={"holdout": 0.2, "a": 0.4, "b": 0.4}, now=NOW
    )
    people = Customer.objects.bulk_create(
        Customer(external_id=f"c{n}", created_at=NOW, updated_at=NOW) for n in range(200)
    )
    assign(experiment=found, customer_ids=[p.pk for p in people], now=NOW)
    return found


def test_shows_each_variant_against_the_control(admin_client, experiment):
    address = f"/admin/launchopt_experiments/experiment/{experiment.pk}/change/"
    page = admin_client.get(address).content.decode()
    assert "<td>a</td>" in page
    assert "too early: too few customers or conversions" in page
    assert "as planned (p =" in page
    assert "Words <b>" not in page


def test_lists_open_and_offer_nothing_to_add(admin_client, experiment):
    record_results(experiment=experiment, until=NOW)
    assert Result.objects.exists()
    for name in ("experiment", "metric", "result"):
        page = admin_client.get(f"/admin/launchopt_experiments/{name}/")
        assert page.status_code == 200
        assert "addlink" not in page.content.decode().split('id="content"')[1]
