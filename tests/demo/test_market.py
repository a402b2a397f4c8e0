"""The laws of the simulated market."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launchopt_project.demo.market import (
    DEMO,
    KINDS,
    Contacts,
    Fate,
    ImpossibleContacts,
    Market,
    all_knowing,
    effect_per_customer,
    make_market,
    random_targeting,
    reactions,
    strength,
    truth,
)

SMALL = DEMO.smaller(shoppers=600, products=96)
SKU = "COF-NEW"


@pytest.fixture(scope="module")
def market() -> Market:
    return make_market(SMALL)


@pytest.fixture(scope="module")
def fate(market: Market) -> Fate:
    return market.fate(SKU)


def nobody(fate: Fate) -> np.ndarray:
    return np.zeros(len(fate.draw), int)


def play(market: Market, fate: Fate, shown: np.ndarray) -> tuple[Contacts, object]:
    result = reactions(
        fate,
        Contacts.none(fate),
        visits=np.arange(len(fate.who)),
        shown=shown,
        strength=np.ones(len(shown)),
        parameters=market.parameters,
        price=59.0,
    )
    return result.contacts, result.events


class TestTheShop:
    def test_is_the_same_for_the_same_seed(self, market: Market):
        again = make_market(SMALL)
        assert again.products.title == market.products.title
        assert all(
            np.array_equal(mine, theirs, equal_nan=mine.dtype == float)
            for mine, theirs in zip(again.events.columns(), market.events.columns(), strict=True)
        )

    def test_is_another_for_another_seed(self, market: Market):
        other = make_market(replace(SMALL, seed=1))
        assert other.products.title != market.products.title
        assert len(other.events) != len(market.events)

    def test_of_the_demo_has_about_150_000_events_and_stands_in_well_under_a_minute(self):
        started = time.perf_counter()
        market = make_market(DEMO)
        assert time.perf_counter() - started < 20
        assert 130_000 < len(market.events) < 170_000
        assert 3_000 <= len(market.shoppers) <= 4_000

    def test_sells_each_title_once_in_two_languages(self, market: Market):
        assert len(set(market.products.title)) == len(market.products)
        assert len(set(market.products.sku)) == len(market.products)
        assert set(market.products.language) == {"en", "zh-Hans"}

    def test_ends_its_past_where_the_launch_begins(self, market: Market):
        start = np.datetime64(SMALL.launch_starts_at.replace(tzinfo=None), "s")
        assert market.events.at.max() < start
        assert market.events.at.min() >= start - np.timedelta64(366, "D")
        assert (np.diff(market.events.at.astype(int)) >= 0).all()

    def test_has_no_event_of_a_product_before_it_was_sold(self, market: Market):
        with_product = market.events.where(market.events.product >= 0)
        age = with_product.at - market.products.launched_at[with_product.product]
        assert age.min() > np.timedelta64(-10, "s")

    def test_has_no_event_of_a_newcomer(self, market: Market):
        newcomers = np.flatnonzero(market.products.is_newcomer)
        assert not np.isin(market.events.product, newcomers).any()

    def test_has_every_kind_of_event(self, market: Market):
        assert set(np.unique(market.events.kind)) == set(range(len(KINDS)))

    def test_shows_past_launches_only_to_those_who_consent(self, market: Market):
        exposures = market.events.of_kind("exposure")
        assert market.shoppers.consents[exposures.who].all()
        assert market.products.is_randomised[exposures.product].all()
        assert len(np.unique(exposures.product)) == SMALL.randomised_launches

    def test_likes_what_it_buys(self, market: Market):
        bought = market.events.of_kind("purchase")
        appeal = market.shoppers.appeal(market.products)
        assert appeal[bought.who, bought.product].mean() > appeal.mean() + 0.5


class TestWhatShowingCauses:
    def test_is_nothing_when_nobody_is_shown(self, fate: Fate):
        assert truth(fate, contacts=nobody(fate)).incremental == 0
        assert truth(fate, contacts=nobody(fate)).expected == 0.0

    def test_is_most_when_everybody_is_shown_and_between_by_chance(self, fate: Fate):
        everybody = truth(fate, contacts=nobody(fate) + 3)
        chance = random_targeting(
            fate,
            spend=200,
            eligible=np.ones(len(fate.draw), bool),
            cap=3,
            rng=np.random.default_rng(1),
        )
        assert everybody.expected > chance.expected > 0.0

    def test_is_at_best_what_an_all_knowing_shop_reaches(self, market: Market, fate: Fate):
        eligible = market.shoppers.consents
        best = all_knowing(fate, spend=150, eligible=eligible, cap=3)
        chance = random_targeting(
            fate, spend=150, eligible=eligible, cap=3, rng=np.random.default_rng(1)
        )
        assert best.incremental > chance.incremental
        assert best.contacts <= 150

    def test_of_an_all_knowing_shop_is_every_mover_when_money_is_no_question(self, fate: Fate):
        everybody = np.ones(len(fate.draw), bool)
        most = np.minimum(np.bincount(fate.who, minlength=len(fate.draw)), 3)
        best = all_knowing(fate, spend=10**6, eligible=everybody, cap=3)
        assert best.incremental == truth(fate, contacts=most).incremental

    def test_grows_with_what_tastes_say(self, fate: Fate):
        by_appeal = np.argsort(-np.where(fate.has_visit, fate.appeal, -np.inf))
        fans, others = nobody(fate), nobody(fate)
        fans[by_appeal[:100]] = 1
        others[by_appeal[200:300]] = 1
        assert truth(fate, contacts=fans).expected > 2 * truth(fate, contacts=others).expected

    def test_refuses_counts_for_other_shoppers(self, fate: Fate):
        with pytest.raises(ImpossibleContacts, match="600 shoppers"):
            truth(fate, contacts=np.ones(3, int))

    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, 4), st.integers(0, 2**31))
    def test_never_shrinks_with_one_contact_more(self, fate: Fate, most: int, seed: int):
        contacts = np.random.default_rng(seed).integers(0, most + 1, len(fate.draw))
        fewer, more = truth(fate, contacts=contacts), truth(fate, contacts=contacts + 1)
        assert fewer.incremental <= more.incremental
        assert fewer.expected <= more.expected

    def test_can_be_measured_by_leaving_it_to_chance(self, fate: Fate):
        """Two random halves, one shown: their difference estimates the truth."""
        halves = np.random.default_rng(3).permutation(len(fate.draw)) % 2 == 0
        shown = np.where(halves, 3, 0)
        difference = fate.buys(shown)[halves].mean() - fate.buys(shown)[~halves].mean()
        real = effect_per_customer(fate, contacts=shown, strength=1.0, among=halves)
        assert abs(difference - real) < 3 * np.sqrt(2 * 0.1 / len(halves))


class TestReactions:
    def test_agree_with_the_truth(self, market: Market, fate: Fate):
        shown = np.flatnonzero(fate.who % 2 == 0)
        contacts, events = play(market, fate, shown)
        assert np.array_equal(contacts.has_bought, fate.buys(contacts.count))
        assert len(events.of_kind("exposure")) == len(shown)
        assert len(events.of_kind("purchase")) == contacts.has_bought.sum()

    def test_are_the_unasked_purchases_when_nothing_is_shown(self, market: Market, fate: Fate):
        contacts, events = play(market, fate, np.array([], int))
        assert np.array_equal(contacts.has_bought, fate.buys_unasked)
        assert len(events.of_kind("exposure")) == 0

    def test_are_the_same_played_at_once_or_bit_by_bit(self, market: Market, fate: Fate):
        shown = np.flatnonzero(fate.who % 3 == 0)
        at_once, _ = play(market, fate, shown)
        contacts = Contacts.none(fate)
        for block in np.array_split(np.arange(len(fate.who)), 7):
            contacts = reactions(
                fate,
                contacts,
                visits=block,
                shown=block[np.isin(block, shown)],
                strength=np.ones(int(np.isin(block, shown).sum())),
                parameters=market.parameters,
                price=59.0,
            ).contacts
        assert np.array_equal(contacts.count, at_once.count)
        assert np.array_equal(contacts.has_bought, at_once.has_bought)

    def test_buy_after_the_contact_and_before_the_launch_ends(self, market: Market, fate: Fate):
        _, events = play(market, fate, np.arange(len(fate.who)))
        bought = events.of_kind("purchase")
        start = np.datetime64(SMALL.launch_starts_at.replace(tzinfo=None), "s")
        assert (bought.at > fate.at[bought.session]).all()
        assert (bought.at < start + np.timedelta64(SMALL.launch_days, "D")).all()

    def test_are_stronger_to_words_that_fit(self, market: Market):
        fits = strength(SMALL, market.shoppers, text="Solid copper, made by hand")
        plain = strength(SMALL, market.shoppers, text="A kettle")
        assert np.all(plain == 1.0)
        assert 0.5 < fits.min() < fits.max() < 1.5
        assert fits.std() > 0.05


class TestAMarketWithoutTastes:
    def test_is_moved_by_nothing(self):
        flat = make_market(SMALL.without_tastes())
        fate = flat.fate(SKU)
        everybody = nobody(fate) + 3
        assert truth(fate, contacts=everybody).incremental == 0
        assert truth(fate, contacts=everybody).expected == 0.0

    def test_has_no_one_who_likes_a_product_better_than_another_does(self):
        flat = make_market(SMALL.without_tastes())
        english = flat.shoppers.language == "en"
        appeal = flat.shoppers.appeal(flat.products)[english]
        assert np.ptp(appeal, axis=0).max() == 0.0
