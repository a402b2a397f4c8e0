"""A measured effect beside the truth."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from launchopt_project.demo.comparison import Comparison, compare
from launchopt_project.demo.market import DEMO, Contacts, Fate, Market, make_market
from launchopt_project.demo.play import Played

SKU = "COF-NEW"


@pytest.fixture(scope="module")
def market() -> Market:
    return make_market(DEMO.smaller(shoppers=800, products=96))


@pytest.fixture(scope="module")
def fate(market: Market) -> Fate:
    return market.fate(SKU)


def played_to_fans(market: Market, fate: Fate, *, share: float = 0.2) -> Played:
    """Those who like the product most are offered it, all but a quarter of them shown."""
    fans = np.argsort(-fate.appeal)[: int(share * len(fate.draw))]
    count = np.zeros(len(fate.draw), int)
    count[fans] = fate.has_visit[fans] * market.shoppers.consents[fans]
    count[fans[::4]] = 0
    variants = np.full(len(fate.draw), "", object)
    variants[fans] = "treatment"
    variants[fans[::4]] = "holdout"
    contacts = Contacts(count, fate.dose(count), fate.buys(count))
    end = market.days_of(SKU)[1] + timedelta(0)
    return Played(end, contacts, tuple(variants), (), {})


def comparison(market: Market, fate: Fate, **effect: Any) -> Comparison:
    return compare(market, fate, played_to_fans(market, fate), effect=effect, cap=3)


class TestAComparison:
    def test_finds_tastes_better_than_chance_and_worse_than_perfect_knowledge(
        self, market: Market, fate: Fate
    ):
        result = comparison(market, fate)
        assert result.random < result.caused <= result.best
        assert result.times_random is not None
        assert result.times_random > 1
        assert 0 < (result.share_of_best or 0) <= 1

    def test_counts_what_was_caused_among_the_offered_only(self, market: Market, fate: Fate):
        result, played = comparison(market, fate), played_to_fans(market, fate)
        offered = sum(variant == "treatment" for variant in played.variants)
        assert result.real == pytest.approx(result.caused / offered)

    @pytest.mark.parametrize(
        ("interval", "conclusive"),
        [([0.01, 0.05], True), ([-0.01, 0.05], False), ([-0.05, -0.01], True), (None, False)],
    )
    def test_is_conclusive_only_where_the_interval_leaves_zero_out(
        self, market: Market, fate: Fate, interval: list[float] | None, conclusive: bool
    ):
        assert comparison(market, fate, interval=interval).is_conclusive is conclusive

    def test_says_whether_the_interval_holds_the_truth(self, market: Market, fate: Fate):
        real = comparison(market, fate).real
        around = comparison(market, fate, interval=[real - 0.01, real + 0.01])
        beside = comparison(market, fate, interval=[real + 0.01, real + 0.02])
        assert around.covers_truth
        assert not beside.covers_truth

    def test_finds_nothing_in_a_market_that_nothing_moves(self, market: Market):
        flat = make_market(replace(market.parameters.without_tastes()))
        result = comparison(flat, flat.fate(SKU))
        assert result.caused == result.real == result.random == result.best == 0
        assert result.times_random is None
        assert result.share_of_best is None
