"""New products in stored lists: by their scores, without making any list anew."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from launchopt.audiences.models import Audience, Customer, InterestScore, Recommendation
from launchopt.audiences.newcomers import OFFERING, newcomers
from launchopt.audiences.recommendations import strangers_list
from launchopt.audiences.services import build_audience, save_audience
from launchopt.audiences.showing import shown_to
from launchopt.catalog.models import Product
from launchopt.operations.models import ModelVersion
from launchopt.operations.runs import Work
from launchopt_workers.recommendation import tasks
from tests.workers.test_recommendation import (
    BOUGHT,
    LATER,
    NOW,
    happen,
    launch,
    shop,  # noqa: F401 - a fixture
)

SOON = NOW + timedelta(minutes=1)


@pytest.fixture
def lists(shop: None) -> None:  # noqa: F811
    """Everybody's list as the night made it."""
    call_command("recommend", "--all", "--as-of", NOW.isoformat(), "--json")


def score(sku, probability, *, to=BOUGHT, reasons=None, as_of=SOON):
    version, _ = ModelVersion.objects.get_or_create(name="interest", defaults={"created_at": NOW})
    for rank, customer in enumerate(to, start=1):
        InterestScore.objects.create(
            product=Product.objects.get(sku=sku),
            customer=Customer.objects.get(external_id=customer),
            probability=probability,
            rank=rank,
            model_version=version,
            as_of=as_of,
            horizon_days=30,
            reasons=reasons,
        )


def offer(*, at=SOON):
    return tasks.offer_new_products(Work(None, clock=lambda: at))


def listed(customer="anna"):
    rows = Recommendation.objects.filter(customer__external_id=customer).order_by("rank")
    return list(rows.values_list("product__sku", flat=True))


def entry(sku="POT", customer="anna"):
    return Recommendation.objects.get(customer__external_id=customer, product__sku=sku)


@pytest.mark.usefixtures("lists")
class TestOffer:
    def test_a_likely_one_comes_first_and_the_rest_follows_in_order(self):
        before = listed()
        launch("POT", "White tea cup")
        score("POT", 0.9)
        assert offer()["products"] == 1
        assert listed() == ["POT", *before]
        assert (entry().source, entry().propensity, entry().is_new) == ("interest", None, True)
        assert list(
            Recommendation.objects.filter(customer__external_id="anna")
            .order_by("rank")
            .values_list("rank", flat=True)
        ) == list(range(1, len(before) + 2))

    def test_a_full_list_keeps_its_length_and_what_others_stand_for(self, settings):
        settings.LAUNCHOPT = {"RECOMMENDATIONS_KEPT": 3, "RECOMMENDATION_EXPLORATION": 0}
        call_command("recommend", "--all", "--as-of", NOW.isoformat(), "--k", "3", "--json")
        kept = Recommendation.objects.filter(customer__external_id="anna", rank__gt=3)
        kept.delete()
        before = [(row.product_id, row.reason) for row in self.rows()]
        launch("POT", "White tea cup")
        score("POT", 0.9)
        offer()
        after = [(row.product_id, row.reason) for row in self.rows()]
        assert after == [(entry().product_id, "New in the shop."), *before[:2]]

    def rows(self, customer="anna"):
        return Recommendation.objects.filter(customer__external_id=customer).order_by("rank")

    def test_an_unlikely_one_is_drawn_and_tells_with_which_propensity(self, settings):
        settings.LAUNCHOPT = {"RECOMMENDATION_EXPLORATION": 0.5, "RECOMMENDATIONS_KEPT": 4}
        call_command("recommend", "--all", "--as-of", NOW.isoformat(), "--k", "4", "--json")
        for sku, chance in (("POT", 1e-5), ("PAN", 3e-5)):
            launch(sku, "Something else")
            score(sku, chance)
            offer()
        drawn = {row.product.sku: row for row in self.rows() if row.propensity is not None}
        assert set(drawn) == {"POT", "PAN"}
        assert {row.source for row in drawn.values()} == {"exploration"}
        assert {row.reason for row in drawn.values()} == {"New in the shop."}
        first = min(drawn.values(), key=lambda row: row.rank)
        assert first.propensity == pytest.approx({"POT": 0.25, "PAN": 0.75}[first.product.sku])
        assert max(drawn.values(), key=lambda row: row.rank).propensity == 1

    def test_the_api_tells_the_propensity(self):
        launch("POT", "White tea cup")
        score("POT", 1e-6)
        offer()
        shown = shown_to(external_id="anna", k=10, at=SOON).recommendations
        told = {row["sku"]: row["propensity"] for row in shown}
        assert (told["POT"], told["STOVE"]) == (entry().propensity, None)

    def test_twice_changes_nothing(self):
        launch("POT", "White tea cup")
        score("POT", 0.9)
        offer()
        once = list(Recommendation.objects.order_by("pk").values())
        assert offer() == {"products": 0, "places": 0, "audiences": 0}
        assert list(Recommendation.objects.order_by("pk").values()) == once

    def test_it_waits_while_somebody_else_offers_it(self):
        launch("POT", "White tea cup")
        score("POT", 0.9)
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [OFFERING])
            assert offer()["products"] == 0
            cursor.execute("SELECT pg_advisory_unlock(%s)", [OFFERING])
        other.close()
        assert offer()["products"] == 1

    def test_the_reason_names_what_the_scores_own_reasons_name(self):
        reasons = [{"factor": "similar_products", "log_odds": 0.7, "skus": ["CUP"]}]
        launch("POT", "White tea cup")
        score("POT", 0.9, to=["anna"], reasons=reasons)
        score("POT", 0.8, to=["ben"])
        offer()
        assert entry().reason == (
            "New in the shop. Because you bought Red tea cup: this is similar."
        )
        assert entry(customer="ben").reason == "New in the shop."

    def test_what_speaks_against_it_is_not_named(self):
        reasons = [{"factor": "similar_products", "log_odds": -0.7, "skus": ["CUP"]}]
        launch("POT", "White tea cup")
        score("POT", 0.9, reasons=reasons)
        offer()
        assert entry().reason == "New in the shop."

    def test_reasons_are_in_the_customers_language(self):
        Customer.objects.filter(external_id="anna").update(language="zh-Hans")
        launch("POT", "White tea cup")
        score("POT", 0.9)
        offer()
        assert entry().reason == "新品上架。"

    def test_whoever_has_no_list_is_shown_it_too(self):
        launch("POT", "White tea cup")
        score("POT", 0.9)
        offer()
        assert strangers_list()[0].product_id == Product.objects.get(sku="POT").pk
        assert shown_to(external_id="nobody", k=1, at=SOON).recommendations[0]["sku"] == "POT"

    def test_one_that_is_not_on_sale_yet_waits_until_then(self):
        launch("POT", "White tea cup", at=LATER)
        score("POT", 0.9)
        assert offer()["products"] == 0
        assert offer(at=LATER + timedelta(minutes=1))["products"] == 1
        assert "POT" in listed()

    def test_one_sold_out_or_bought_already_is_not_new(self):
        launch("POT", "White tea cup", stock="0")
        launch("PAN", "Frying pan")
        score("POT", 0.9)
        score("PAN", 0.9)
        happen("purchase", "PAN", customer="ben", at=NOW + timedelta(seconds=5))
        assert newcomers(now=SOON) == []

    def test_one_offered_while_all_lists_were_made_anew_is_offered_again(self):
        launch("POT", "White tea cup")
        score("POT", 0.9)
        offer()
        call_command("recommend", "--all", "--as-of", NOW.isoformat(), "--json")
        assert offer()["products"] == 1
        call_command("recommend", "--all", "--as-of", SOON.isoformat(), "--json")
        assert offer()["products"] == 0


@pytest.mark.usefixtures("shop")
class TestWithoutLists:
    def test_nothing_is_offered_before_the_first_lists(self):
        launch("POT", "White tea cup")
        score("POT", 0.9)
        assert offer()["products"] == 0
        call_command("recommend", "--all", "--as-of", SOON.isoformat(), "--json")
        assert "POT" in listed()


@pytest.mark.usefixtures("shop")
class TestAudiences:
    def test_one_that_waited_for_scores_is_counted(self):
        launch("POT", "White tea cup")
        audience = self.audience()
        build_audience(audience=audience, as_of=NOW, now=NOW)
        score("POT", 0.2)
        assert offer()["audiences"] == 1
        audience.refresh_from_db()
        assert audience.size == len(BOUGHT)

    def test_one_that_was_built_since_the_scores_stays_as_it_is(self):
        launch("POT", "White tea cup")
        score("POT", 0.2)
        audience = self.audience(probability=[0.9, 1])
        build_audience(audience=audience, as_of=LATER, now=LATER)
        assert offer()["audiences"] == 0
        assert Audience.objects.get(pk=audience.pk).built_at == LATER

    def audience(self, **rules):
        product = Product.objects.get(sku="POT")
        values = {"name": "Tea", "product": product, "rules": {"consent": None, **rules}}
        return save_audience(values=values, now=NOW)
