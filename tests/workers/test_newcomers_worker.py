"""A product posted to the shop finds its way into lists and audiences, by a real worker alone."""

from __future__ import annotations

from django.core.management import call_command
from django.utils import timezone

from launchopt.audiences.models import Audience, Recommendation
from launchopt.operations.models import ModelVersion
from tests.support.api import by_key
from tests.support.tastes import store_tastes

CUSTOMERS = 30


def test_a_posted_product_is_recommended_and_counted_with_nothing_trained_or_made_anew(
    real_worker,
):
    store_tastes(customers=CUSTOMERS, products=24)
    now = timezone.now()
    call_command("recommend", "--all", "--as-of", now.isoformat(), "--json")
    call_command("train_interest", "--as-of", now.isoformat(), "--json")
    made, versions = lists_as_of(), ModelVersion.objects.count()
    with_lists = Recommendation.objects.values("customer").distinct().count()

    rake = {"sku": "RAKE", "title": "garden rake for wet soil", "price": "10.00"}
    marketer = by_key("marketer")
    assert marketer.post("products/", rake).status_code == 201
    question = {"name": "Gardeners", "product": "RAKE", "rules": {"consent": None}}
    audience = marketer.post("audiences/", question).json()["id"]

    listed = Recommendation.objects.filter(product__sku="RAKE")
    real_worker.wait_until(lambda: listed.count() == with_lists, seconds=120)
    counted = Audience.objects.filter(pk=audience, size=CUSTOMERS)
    real_worker.wait_until(counted.exists, seconds=60)

    for customer in ("C000", "somebody new"):
        answer = marketer.get(f"customers/{customer}/recommendations/?k=20").json()
        entry = next(entry for entry in answer["recommendations"] if entry["sku"] == "RAKE")
        assert entry["is_new"]
        assert (entry["propensity"] is not None) == (entry["source"] == "exploration")
    assert (lists_as_of(), ModelVersion.objects.count()) == (made, versions)


def lists_as_of():
    return set(Recommendation.objects.values_list("as_of", flat=True))
