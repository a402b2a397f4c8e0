"""Reasons are faithful: what they name first is what the score rests on most."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from launchopt_ml.interest.episodes import Episode, launched, new_within
from launchopt_ml.interest.features import NAMES, pair_features
from launchopt_ml.interest.model import LaunchInterest
from launchopt_ml.interest.protocol import Launch
from launchopt_ml.interest.reasons import COLUMNS
from launchopt_ml.shop import days, instant
from tests.ml.online_retail import FILE, online_retail
from tests.ml.shops import START, shop_of_tastes

AS_OF = instant("2011-04-15")
CUSTOMERS, PAIRS = 500, 150  # learned from, and looked at


class TestFactors:
    def test_every_feature_belongs_to_exactly_one_of_at_most_eight(self):
        columns = np.concatenate(list(COLUMNS.values()))
        assert sorted(columns.tolist()) == list(range(len(NAMES)))
        assert len(COLUMNS) <= 8


class TestGrounds:
    def test_name_only_what_the_customer_bought(self):
        as_of = START + days(200)
        shop = shop_of_tastes()
        new = shop.products.take((shop.new_at >= as_of) & (shop.new_at < as_of + days(20)))
        session = (
            LaunchInterest()
            .fit(shop_of_tastes(customers=40), as_of=as_of)
            .prepare(shop, Launch(new, as_of, 30.0))
        )
        rows = np.arange(0, 240, 17)
        known = session.histories.shop.products
        for product in range(len(new)):
            told = session.reasons(product=product, customers=rows)
            for row, reasons in zip(rows.tolist(), told, strict=True):
                bought = known.sku[session.histories.bought[row].indices]
                for reason in reasons:
                    assert set(reason.get("skus", ())) <= set(bought.tolist())
                    if reason["factor"] == "same_category":
                        named = np.isin(known.sku, reason.get("skus", []))
                        assert set(known.category[named]) <= {str(new.category[product])}


@pytest.mark.data
@pytest.mark.skipif(not FILE.exists(), reason=f"{FILE.name} is not there (LAUNCHOPT_DATA).")
class TestFaithfulness:
    def test_without_its_top_factor_a_score_moves_three_times_as_far_as_without_another(self):
        session, products = _session_on_real_data()
        rng = np.random.default_rng(0)
        top, other = [], []
        for _ in range(PAIRS):
            product, customer = int(rng.integers(products)), int(rng.integers(CUSTOMERS))
            (reasons,) = session.reasons(product=product, customers=np.array([customer]))
            factors = [reason["factor"] for reason in reasons]
            if len(factors) > 1:
                moved = _moved_without(session, product, customer)
                top.append(moved[factors[0]])
                other.append(moved[str(rng.choice(factors[1:]))])
        assert len(top) > PAIRS / 2
        assert np.mean(top) >= 3 * np.mean(other)
        assert np.median(top) >= 3 * np.median(other)


def _session_on_real_data():
    """A model of some of the customers, before the launches of a season; without an encoder."""
    shop = _with_customers(online_retail(), count=CUSTOMERS)
    model = LaunchInterest().fit(shop, as_of=AS_OF)
    assert model.card["source"] == "launches"
    episode = Episode(AS_OF, 60.0)
    products = launched(shop, new_within(shop, episode))
    return model.prepare(shop, Launch(products, AS_OF, 60.0)), len(products)


def _with_customers(shop, *, count):
    """The shop with some of those who bought before."""
    before = np.unique(shop.events.customer[shop.events.time < AS_OF])
    kept = np.zeros(len(shop.customers), dtype=bool)
    kept[np.random.default_rng(0).choice(before, count, replace=False)] = True
    events = shop.events.take(kept[shop.events.customer])
    place = (np.cumsum(kept) - 1).astype(np.int32)
    events = replace(events, customer=place[events.customer])
    return replace(shop, customers=shop.customers.take(kept), events=events)


def _moved_without(session, product, customer):
    """By how much the log-odds move where a factor's features are set to what is usual.

    Found here from the features themselves, not from what the reasons say of it.
    """
    alone, judge = session.candidates.only(product), session.judge.of_product(product)
    own = pair_features(session.histories, alone, rows=np.array([customer]))[:, 0]
    rest = session.histories.customers
    step = max(len(rest) // 500, 1)
    others = pair_features(session.histories, alone, rows=slice(None, None, step))[:, 0]
    usual = judge.usual(others.mean(0, keepdims=True))[0]
    moved = {}
    for factor, columns in COLUMNS.items():
        without = own.copy()
        without[:, columns] = usual[columns]
        moved[factor] = abs(float(judge.log_odds(own)[0] - judge.log_odds(without)[0]))
    return moved
