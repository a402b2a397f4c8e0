"""Stored lists and what of them is shown: nothing that must not be shown, however old the list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from launchopt.audiences.models import Customer, Recommendation
from launchopt.audiences.reason_lines import phrases_told
from launchopt.audiences.recommendations import (
    COLUMNS,
    General,
    keep_strangers_list,
    replace_lists,
    strangers_list,
)
from launchopt.audiences.services import record_events, save_customers
from launchopt.audiences.showing import shown_to
from launchopt.audiences.themes import themes_shown
from launchopt.catalog.models import Product
from launchopt.catalog.services import save_products
from tests.support.api import by_key

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
MADE = NOW - timedelta(hours=8)
SKUS = ("CUP", "JUG", "MAT", "PAN", "TEA")

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> dict[str, Product]:
    """Five products, and anna who has a list of three of them."""
    rows = [{"sku": sku, "title": sku.title(), "price": "2.50"} for sku in SKUS]
    save_products(rows, now=MADE - timedelta(days=200))
    save_customers([{"external_id": "anna"}, {"external_id": "ben"}], now=MADE)
    products = {product.sku: product for product in Product.objects.all()}
    put(["CUP", "JUG", "MAT"])
    return products


def put(skus, *, customer="anna", as_of=MADE, now=NOW):
    customer_id = Customer.objects.get(external_id=customer).pk
    ids = dict(Product.objects.values_list("sku", "pk"))
    rows = pl.DataFrame(
        {
            "customer_id": [customer_id] * len(skus),
            "product_id": [ids[sku] for sku in skus],
            "rank": list(range(1, len(skus) + 1)),
            "score": [1.0 / (place + 1) for place in range(len(skus))],
            "source": ["content"] * len(skus),
            "propensity": [None] * len(skus),
            "reason": [f'Because you bought "A, B": {sku}' for sku in skus],
            "is_new": [False] * len(skus),
        },
        schema_overrides={"customer_id": pl.Int64, "product_id": pl.Int64},
    )
    assert set(rows.columns) == set(COLUMNS)
    return replace_lists(rows, customer_ids=[customer_id], as_of=as_of, now=now)


def happen(kind, sku, *, customer="anna", at=NOW - timedelta(minutes=5)):
    event = {"customer": customer, "kind": kind, "occurred_at": at.isoformat(), "sku": sku}
    assert record_events([event], received_at=NOW, source="test").accepted == 1


def shown(customer="anna", *, k=10, at=NOW):
    return [entry["sku"] for entry in shown_to(external_id=customer, k=k, at=at).recommendations]


def popular(products, *skus, **facts):
    keep_strangers_list(
        [General(products[sku].pk, 1.0, "popularity", **facts) for sku in skus], as_of=MADE
    )


class TestReplaceLists:
    def test_a_new_list_takes_the_place_of_the_old_one(self, shop):
        assert put(["TEA", "PAN"], as_of=NOW) == 2
        assert shown() == ["TEA", "PAN"]

    def test_the_same_list_twice_changes_nothing(self, shop):
        before = list(Recommendation.objects.values_list("product__sku", "rank", "score", "reason"))
        put(["CUP", "JUG", "MAT"])
        after = list(Recommendation.objects.values_list("product__sku", "rank", "score", "reason"))
        assert before == after

    def test_an_older_list_replaces_no_newer_one(self, shop):
        assert put(["TEA"], as_of=MADE - timedelta(days=30)) == 0
        assert shown() == ["CUP", "JUG", "MAT"]

    def test_a_list_of_simulated_time_ahead_gives_way(self, shop):
        put(["TEA"], as_of=NOW + timedelta(days=30))
        put(["PAN"], as_of=NOW)
        assert shown() == ["PAN"]

    def test_a_customer_without_rows_is_left_without_a_list(self, shop):
        assert put([], as_of=NOW) == 0
        assert not Recommendation.objects.exists()

    def test_a_product_deleted_meanwhile_is_left_out(self, shop):
        ids = {"customer_id": Customer.objects.get(external_id="ben").pk}
        row = {"rank": 1, "score": 1.0, "source": "content", "propensity": None, "reason": ""}
        rows = pl.DataFrame([{**ids, **row, "is_new": False, "product_id": 999_999}])
        assert replace_lists(rows, customer_ids=ids.values(), as_of=NOW, now=NOW) == 0


class TestWhatIsShown:
    def test_the_own_list_in_its_order_with_its_reasons(self, shop):
        listed = shown_to(external_id="anna", k=2, at=NOW)
        assert listed.is_personal
        assert listed.as_of == MADE
        assert [entry["rank"] for entry in listed.recommendations] == [1, 2]
        assert listed.recommendations[0]["reason"] == 'Because you bought "A, B": CUP'

    @pytest.mark.parametrize(
        "facts",
        [
            {"stock": 0},
            {"retired_at": NOW},
            {"launched_at": NOW + timedelta(days=1)},
        ],
    )
    def test_not_what_cannot_be_bought_now(self, shop, facts):
        Product.objects.filter(sku="JUG").update(**facts)
        assert shown() == ["CUP", "MAT"]

    def test_what_retires_or_launches_later_is_shown_until_then_and_from_then(self, shop):
        Product.objects.filter(sku="JUG").update(retired_at=NOW + timedelta(hours=1))
        Product.objects.filter(sku="MAT").update(launched_at=NOW + timedelta(hours=1))
        assert shown() == ["CUP", "JUG"]
        assert shown(at=NOW + timedelta(hours=1)) == ["CUP", "MAT"]

    @pytest.mark.parametrize("kind", ["purchase", "dislike"])
    def test_not_what_was_bought_or_disliked_since(self, shop, kind):
        happen(kind, "CUP")
        assert shown() == ["JUG", "MAT"]

    def test_an_event_that_arrived_late_counts_too(self, shop):
        happen("purchase", "CUP", at=MADE - timedelta(hours=2))
        assert shown() == ["JUG", "MAT"]

    def test_what_was_bought_long_ago_hides_from_an_old_list(self, shop):
        happen("purchase", "CUP", at=NOW - timedelta(days=400))
        assert shown(at=NOW + timedelta(days=30)) == ["JUG", "MAT"]

    def test_a_dislike_taken_back_hides_nothing(self, shop):
        happen("dislike", "CUP", at=NOW - timedelta(minutes=9))
        happen("like", "CUP")
        assert shown() == ["CUP", "JUG", "MAT"]

    def test_what_others_did_hides_nothing(self, shop):
        happen("purchase", "CUP", customer="ben")
        assert shown(k=3) == ["CUP", "JUG", "MAT"]

    def test_a_visitor_who_turned_out_to_be_anna_sees_her_list(self, shop):
        anna = Customer.objects.get(external_id="anna")
        Customer.objects.filter(external_id="ben").update(merged_into=anna)
        assert shown("ben") == ["CUP", "JUG", "MAT"]


class TestFillingUp:
    def test_a_short_list_is_filled_up_with_what_is_popular(self, shop):
        popular(shop, "TEA", "CUP", "PAN")
        listed = shown_to(external_id="anna", k=4, at=NOW).recommendations
        assert [entry["sku"] for entry in listed] == ["CUP", "JUG", "MAT", "TEA"]
        assert listed[3]["reason"] == "Popular with other customers."

    @pytest.mark.parametrize("customer", ["ben", "somebody new"])
    def test_without_a_list_it_is_what_is_popular(self, shop, customer):
        popular(shop, "TEA", "PAN")
        listed = shown_to(external_id=customer, k=10, at=NOW)
        assert not listed.is_personal
        assert [entry["sku"] for entry in listed.recommendations] == ["TEA", "PAN"]

    def test_nothing_bought_or_disliked_comes_back_as_popular(self, shop):
        popular(shop, "TEA", "PAN", "CUP")
        happen("purchase", "TEA", at=NOW - timedelta(days=400))
        happen("dislike", "CUP")
        assert shown() == ["JUG", "MAT", "PAN"]

    def test_nothing_sold_out_is_popular(self, shop):
        popular(shop, "TEA", "PAN")
        Product.objects.filter(sku="TEA").update(stock=0)
        assert shown("ben") == ["PAN"]

    def test_speaks_the_customers_language_else_the_products(self, shop):
        popular(shop, "TEA", is_new=True, is_fresh=True)
        Product.objects.update(language="zh-Hans")
        assert shown_to(external_id="x", k=1, at=NOW).recommendations[0]["reason"] == "新品上架。"
        Customer.objects.update(language="en")
        assert (
            shown_to(external_id="ben", k=1, at=NOW).recommendations[0]["reason"]
            == "New in the shop."
        )

    def test_before_any_list_was_made_it_is_what_most_customers_bought(self, shop):
        cache.clear()
        for customer, sku in [("ben", "PAN"), ("cleo", "PAN"), ("cleo", "TEA")]:
            happen("purchase", sku, customer=customer)
        happen("purchase", "TEA", customer="cleo", at=NOW - timedelta(minutes=4))
        assert shown("somebody new") == ["PAN", "TEA"]

    def test_one_of_five_is_new_even_then(self, shop):
        cache.clear()
        save_products([{"sku": "NEW", "title": "New"}], now=NOW - timedelta(days=1))
        for sku in SKUS:
            happen("purchase", sku, customer="ben")
        listed = shown_to(external_id="somebody new", k=6, at=NOW).recommendations
        assert [entry["is_new"] for entry in listed] == [False] * 4 + [True, False]
        assert listed[4]["reason"] == "New in the shop."
        assert shown("somebody new", at=NOW - timedelta(days=2)) == list(SKUS)  # not there yet

    def test_on_day_zero_it_is_what_is_new(self):
        cache.clear()
        save_products([{"sku": sku, "title": sku} for sku in SKUS], now=NOW)
        listed = shown_to(external_id="somebody new", k=10, at=NOW).recommendations
        assert {entry["sku"] for entry in listed} == set(SKUS)
        assert {entry["reason"] for entry in listed} == {"New in the shop."}

    def test_an_empty_shop_shows_nothing(self):
        assert strangers_list() == []
        assert shown("anna") == []


class TestQueries:
    @pytest.fixture(autouse=True)
    def _words(self):
        """Two queries a minute, whoever asks."""
        themes_shown()
        phrases_told("en")

    def test_a_full_list_takes_one(self, shop, django_assert_num_queries):
        with django_assert_num_queries(1):
            assert len(shown(k=3)) == 3

    def test_one_that_must_be_filled_up_takes_four(self, shop, django_assert_num_queries):
        popular(shop, "TEA", "PAN")
        with django_assert_num_queries(4):
            assert len(shown(k=4)) == 4

    def test_over_http_it_takes_one_beside_that_of_the_key(self, shop, django_assert_num_queries):
        put(["CUP", "JUG", "MAT"], as_of=timezone.now(), now=timezone.now())
        client = by_key("integration")
        client.get("customers/anna/recommendations/?k=3")  # notes the key's use
        with django_assert_num_queries(1):
            client.get("customers/anna/recommendations/?k=3")


class TestApi:
    def test_answers_with_a_list_and_its_placement(self, shop):
        answer = by_key("integration").get("customers/anna/recommendations/?k=2&placement=home")
        body = answer.json()
        assert answer.status_code == 200
        assert (body["customer"], body["placement"]) == ("anna", "home")
        assert [entry["sku"] for entry in body["recommendations"]] == ["CUP", "JUG"]
        assert body["recommendations"][0]["price"] == "2.5000"

    def test_an_id_may_hold_a_slash(self, shop):
        answer = by_key("integration").get("customers/shop/anna/recommendations/")
        assert answer.json()["customer"] == "shop/anna"

    def test_an_empty_shop_answers_with_an_empty_list(self):
        answer = by_key("integration").get("customers/anyone/recommendations/")
        assert answer.status_code == 200
        assert answer.json()["recommendations"] == []

    @pytest.mark.parametrize("k", ["0", "101", "ten"])
    def test_refuses_a_count_that_is_none(self, k):
        answer = by_key("integration").get(f"customers/anna/recommendations/?k={k}")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "/k"

    def test_an_instant_of_ones_own_needs_simulated_time(self, shop, settings):
        path = f"customers/anna/recommendations/?at={(NOW + timedelta(days=1)).isoformat()[:19]}Z"
        client = by_key("integration")
        Product.objects.filter(sku="JUG").update(launched_at=NOW + timedelta(hours=1))
        Product.objects.filter(sku="MAT").update(retired_at=NOW + timedelta(hours=1))
        assert client.get(path).status_code == 400
        settings.LAUNCHOPT = {"ALLOW_CLIENT_CLOCK": True}
        body = client.get(path).json()
        assert [entry["sku"] for entry in body["recommendations"]] == ["CUP", "JUG"]

    def test_needs_a_key(self, client):
        assert client.get("/api/v1/customers/anna/recommendations/").status_code == 401


class TestAdmin:
    def test_tells_and_filters_what_chance_put_in_a_list(self, admin_client, shop):
        Recommendation.objects.filter(product=shop["MAT"]).update(propensity=0.0625)
        address = reverse("admin:launchopt_audiences_recommendation_changelist")
        page = admin_client.get(address).content.decode()
        assert "6.2%" in page
        assert "by chance, with a propensity" in page
        drawn = admin_client.get(address, {"propensity__isempty": "0"}).content.decode()
        assert "1 recommendation" in drawn
        assert "6.2%" in drawn
