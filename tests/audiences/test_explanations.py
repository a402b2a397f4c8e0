"""Why a score is what it is, over REST and in the admin."""

from __future__ import annotations

import pytest
from django.urls import reverse

from launchopt import jobs
from launchopt.audiences.models import Customer, InterestScore
from launchopt.operations.models import Run
from tests.support.launches import NOW, make_product
from tests.support.shops import score

REASONS = [
    {"factor": "similar_products", "log_odds": 1.0986, "skus": ["CUP"]},
    {"factor": "recency", "log_odds": -0.5},
]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_worker")]


@pytest.fixture
def anna(db):
    return Customer.objects.create(external_id="anna", created_at=NOW, updated_at=NOW)


@pytest.fixture
def scored(anna):
    make_product("CUP", title="Red <cup>")
    score(make_product("POT"), [anna], chances=[0.25])
    return InterestScore.objects.get()


@pytest.fixture
def explained(scored):
    scored.reasons = REASONS
    scored.save()
    return scored


class TestApi:
    PATH = "/api/v1/customers/anna/interest/?sku=POT"

    def test_tells_a_score_with_its_reasons_and_the_sentence(self, client_of, explained):
        row = client_of("analyst").get(self.PATH).json()
        assert (row["customer"], row["sku"], row["probability"]) == ("anna", "POT", 0.25)
        assert row["reasons"] == REASONS
        assert row["sentence"] == "Because you bought Red <cup>: this is similar."

    def test_asks_for_reasons_that_are_not_stored(self, client_of, scored):
        client = client_of("analyst")
        assert client.get(self.PATH).json()["reasons"] is None
        answer = client.post(self.PATH, {}, format="json")
        run = Run.objects.get(job=jobs.EXPLAIN_INTEREST.name)
        assert (answer.status_code, answer.json()) == (202, {"run": str(run.pk)})
        assert run.arguments["customer_ids"] == [scored.customer_id]

    def test_asks_for_nothing_where_they_stand(self, client_of, explained):
        assert client_of("analyst").post(self.PATH, {}, format="json").json() == {"run": None}
        assert not Run.objects.exists()

    def test_says_what_is_missing(self, client_of, scored):
        client = client_of("analyst")
        answer = client.get("/api/v1/customers/anna/interest/?sku=CUP")
        assert answer.status_code == 404
        assert "no score for 'CUP'" in answer.json()["detail"]
        assert client.get("/api/v1/customers/anna/interest/").status_code == 400


class TestAdmin:
    def page(self, admin_client, row):
        address = reverse("admin:launchopt_audiences_interestscore_change", args=[row.pk])
        return admin_client.get(address).content.decode()

    def test_shows_factors_by_name_and_strength(self, admin_client, explained):
        words = self.page(admin_client, explained)
        assert "+ bought similar products" in words
        assert "odds × 3.00 (CUP)" in words
        assert "odds × 0.61" in words
        assert "Because you bought Red &lt;cup&gt;: this is similar." in words

    def test_says_how_to_find_reasons_that_are_not_stored(self, admin_client, scored):
        assert "Explain these scores" in self.page(admin_client, scored)

    def test_asks_for_them(self, admin_client, scored):
        address = reverse("admin:launchopt_audiences_interestscore_changelist")
        chosen = {"action": "explain", "_selected_action": [scored.pk]}
        admin_client.post(address, chosen)
        assert Run.objects.get().job == jobs.EXPLAIN_INTEREST.name
