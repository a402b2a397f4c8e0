"""Customers, events and audiences over REST."""

from __future__ import annotations

import pytest
from django.utils import timezone

from launchopt.audiences.models import Consent, Customer, Event, RejectedEvent
from launchopt.catalog.services import save_products

pytestmark = pytest.mark.django_db

EVENT = {"customer": "anna", "sku": "TEA", "kind": "view", "occurred_at": "2026-03-01T10:00:00Z"}


@pytest.fixture(autouse=True)
def tea(db: None) -> None:
    save_products([{"sku": "TEA", "title": "Tea"}], now=timezone.now())


@pytest.fixture
def shop(client_of):
    return client_of("integration")


class TestEvents:
    def test_one_event_is_accepted(self, shop):
        answer = shop.post("/api/v1/events/", EVENT, format="json")
        assert answer.status_code == 202
        assert answer.json() == {"accepted": 1, "duplicates": 0, "rejected": []}

    def test_a_list_says_what_became_of_each(self, shop):
        wrong = EVENT | {"sku": "COFFEE"}
        answer = shop.post("/api/v1/events/", [EVENT, EVENT, wrong], format="json")
        assert answer.json() == {
            "accepted": 1,
            "duplicates": 1,
            "rejected": [{"index": 2, "reason": "sku is unknown"}],
        }
        assert RejectedEvent.objects.get().source == "key:integration key"

    def test_more_than_a_thousand_are_refused_and_none_is_stored(self, shop):
        answer = shop.post("/api/v1/events/", [EVENT] * 1001, format="json")
        assert answer.status_code == 400
        assert "at most 1,000" in answer.json()["detail"]
        assert not Event.objects.exists()

    def test_what_is_no_json_is_a_400_in_the_one_shape(self, shop):
        answer = shop.post("/api/v1/events/", "{", content_type="application/json")
        assert answer.status_code == 400
        assert set(answer.json()) == {"type", "title", "status", "detail", "errors"}

    def test_whoever_may_only_read_gets_403(self, client_of):
        assert client_of("analyst").post("/api/v1/events/", EVENT, format="json").status_code == 403


class TestCustomers:
    ANNA = {
        "external_id": "anna",
        "email": "anna@example.org",
        "phone": "+44 20 7946 0123",
        "consents": {"marketing": True},
    }

    def test_is_created_shown_masked_and_changed(self, shop):
        created = shop.post("/api/v1/customers/", self.ANNA, format="json")
        assert created.status_code == 201
        assert created.json()["email"] == "a•••@example.org"
        changed = shop.patch(
            "/api/v1/customers/anna/", {"country": "Spain", "phone": ""}, format="json"
        )
        assert changed.status_code == 200
        shown = shop.get("/api/v1/customers/anna/").json()
        assert (shown["country"], shown["phone"]) == ("Spain", "")
        assert shown["consents"] == {"marketing": True}
        assert Customer.objects.get().email == "anna@example.org"

    def test_is_shown_in_the_clear_to_whoever_may_see_it(self, shop, admin_client):
        shop.post("/api/v1/customers/", self.ANNA, format="json")
        assert admin_client.get("/api/v1/customers/anna/").json()["email"] == "anna@example.org"

    def test_a_masked_value_is_never_taken_for_a_new_one(self, shop):
        shop.post("/api/v1/customers/", self.ANNA, format="json")
        answer = shop.patch("/api/v1/customers/anna/", {"phone": "•••23"}, format="json")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "/phone"

    def test_a_taken_id_is_a_409(self, shop):
        shop.post("/api/v1/customers/", self.ANNA, format="json")
        assert shop.post("/api/v1/customers/", self.ANNA, format="json").status_code == 409

    def test_an_unknown_field_is_named(self, shop):
        answer = shop.post(
            "/api/v1/customers/", {"external_id": "x", "colour": "red"}, format="json"
        )
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "/colour"

    def test_an_unknown_customer_is_a_404(self, shop):
        assert shop.get("/api/v1/customers/nobody/").status_code == 404

    def test_an_id_may_hold_slashes_and_dots(self, shop):
        shop.post("/api/v1/customers/", {"external_id": "shop/7.1"}, format="json")
        assert shop.get("/api/v1/customers/shop/7.1/").json()["external_id"] == "shop/7.1"

    def test_are_listed_in_pages_without_joined_visitors(self, shop):
        for name in ("anna", "bert"):
            shop.post("/api/v1/customers/", {"external_id": name}, format="json")
        body = {"anonymous_id": "v1", "customer": "anna"}
        assert shop.post("/api/v1/customers/identify/", body, format="json").status_code == 200
        page = shop.get("/api/v1/customers/?page_size=1").json()
        assert (page["count"], page["results"][0]["external_id"]) == (2, "anna")

    def test_identify_moves_the_history_and_may_be_repeated(self, shop):
        shop.post("/api/v1/events/", EVENT | {"customer": "v1"}, format="json")
        body = {"anonymous_id": "v1", "customer": "anna"}
        for _ in range(2):
            answer = shop.post("/api/v1/customers/identify/", body, format="json")
            assert answer.json()["external_id"] == "anna"
        assert Event.objects.get().customer.external_id == "anna"

    def test_a_consent_said_now_is_stronger_than_an_unsubscribe_before(self, shop):
        leaving = EVENT | {"kind": "unsubscribe", "sku": None}
        shop.post("/api/v1/events/", leaving, format="json")
        shop.patch("/api/v1/customers/anna/", {"consents": {"marketing": True}}, format="json")
        assert Consent.objects.get().is_granted

    def test_a_marketer_may_read_but_not_write(self, client_of):
        marketer = client_of("marketer")
        assert marketer.get("/api/v1/customers/").status_code == 200
        answer = marketer.post("/api/v1/customers/", {"external_id": "x"}, format="json")
        assert answer.status_code == 403


class TestAudiences:
    def test_is_created_built_and_its_members_listed(self, client_of):
        client_of("integration").post(
            "/api/v1/customers/",
            {
                "external_id": "anna",
                "joined_at": "2026-01-01T00:00:00Z",
                "consents": {"marketing": True},
            },
            format="json",
        )
        marketer = client_of("marketer")
        made = marketer.post("/api/v1/audiences/", {"name": "Everybody"}, format="json")
        assert made.status_code == 201
        address = f"/api/v1/audiences/{made.json()['id']}/"
        assert marketer.post(f"{address}build/").json()["size"] == 1
        members = marketer.get(f"{address}members/").json()
        assert members["results"] == [{"customer": "anna", "probability": None, "hour": None}]

    def test_a_wrong_rule_is_pointed_at(self, client_of):
        body = {"name": "Odd", "rules": {"price_band": "dear"}}
        answer = client_of("marketer").post("/api/v1/audiences/", body, format="json")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "/rules/price_band"

    def test_a_changed_rule_is_checked_too(self, client_of):
        marketer = client_of("marketer")
        made = marketer.post("/api/v1/audiences/", {"name": "Everybody"}, format="json").json()
        answer = marketer.patch(
            f"/api/v1/audiences/{made['id']}/", {"rules": {"top_share": 0.1}}, format="json"
        )
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "/product"
