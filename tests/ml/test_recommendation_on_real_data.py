"""On a real shop: reasons are true, lists are quick, and merging beats each source alone."""

from __future__ import annotations

import time

import numpy as np
import pytest

from launchopt_core.reasons import SOURCES
from launchopt_ml.recommendation.lists import Recommender
from launchopt_ml.recommendation.ranking import Weights
from launchopt_ml.recommendation.tastes import DEEDS
from launchopt_ml.recommendation.trial import ALONE, trial
from launchopt_ml.shop import PURCHASE, instant
from tests.ml.online_retail import FILE, online_retail

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not FILE.exists(), reason=f"{FILE.name} is not in LAUNCHOPT_DATA"),
]
AS_OF = instant("2011-09-01T00:00:00+00:00")


@pytest.fixture(scope="module")
def shop():
    return online_retail()


@pytest.fixture(scope="module")
def made(shop):
    return Recommender.of(shop, as_of=AS_OF)


def bought_before(shop):
    """{customer id: SKUs bought before the instant}, read from the events themselves."""
    some = (shop.events.kind == PURCHASE) & (shop.events.time < AS_OF)
    found = {}
    for customer, product in zip(
        shop.customers.id[shop.events.customer[some]].tolist(),
        shop.products.sku[shop.events.product[some]].tolist(),
        strict=True,
    ):
        found.setdefault(customer, set()).add(product)
    return found


def test_every_reason_is_true(shop, made):
    bought = bought_before(shop)
    buyers = {}
    for customer, skus in bought.items():
        for sku in skus:
            buyers.setdefault(sku, set()).add(customer)
    sku, judged = made.known.products.sku, 0
    for lists in made.lists(np.arange(300), count=10):
        for row in range(len(lists)):
            customer = str(made.known.customers.id[lists.customer[row]])
            entry = str(sku[lists.product[row]])
            named = [str(sku[place]) for place in lists.named[row] if place >= 0]
            assert entry not in bought.get(customer, set())
            assert set(named) <= bought.get(customer, set())
            assert not named or DEEDS[lists.deed[row]] == "purchase"
            if SOURCES[lists.source[row]] == "co_purchase":
                assert all(len(buyers[entry] & buyers[other]) >= 2 for other in named)
                judged += 1
    assert judged > 100


def test_the_whole_shop_takes_well_under_a_minute(shop):
    start = time.process_time()
    made = Recommender.of(shop, as_of=AS_OF)
    entries = sum(map(len, made.lists(np.arange(len(made.known.customers)), count=10)))
    assert entries == 10 * len(made.known.customers)
    assert time.process_time() - start < 30


def test_merged_lists_foresee_more_than_each_source_alone(shop):
    ways = {"merged": Weights(exploration=0), **ALONE}
    found = trial(shop, as_of=AS_OF, horizon_days=30, ways=ways, most=1500)
    assert set(found) == {"all", "warm", "cold"}
    for name in ("content", "co_purchase", "popularity"):
        assert found["all"]["merged"].ndcg > found["all"][name].ndcg
        assert found["all"]["merged"].hit_rate > found["all"][name].hit_rate
