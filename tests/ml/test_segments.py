"""Segments are kinds of taste, stay who they are, and know nothing of age and gender."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from launchopt_ml.personas import Declared, Earlier, gallery
from launchopt_ml.shop import days
from tests.ml.shops import START, TOPICS, shop_of_tastes, with_customers_shuffled

AS_OF = START + days(250)
SHOP = shop_of_tastes()


def declared(shop=SHOP, *, interests=None, seed=None):
    """Nothing, or, with a seed, ages and genders by chance."""
    count, rng = len(shop.customers), np.random.default_rng(seed)
    nothing = np.full(count, "", dtype="U60")
    said = nothing.copy()
    for customer, words in (interests or {}).items():
        said[shop.customers.id == customer] = words
    years = np.zeros(count, dtype=int) if seed is None else rng.integers(1940, 2005, count)
    genders = nothing if seed is None else rng.choice(["f", "m", ""], count)
    return Declared(years, genders, nothing, said)


def drawn(shop=SHOP, *, said=None, **options):
    titles = shop.products.text.tolist()
    said = declared(shop) if said is None else said
    found = gallery(shop, declared=said, titles=titles, as_of=AS_OF, zone="UTC", **options)
    return found.segments, {one.customer: one for one in found.portraits}


@pytest.fixture(scope="module")
def segments_and_people():
    return drawn()


def topic_of(customer):
    return int(customer[1:]) % len(TOPICS)


def earlier_from(segments):
    ids = [f"segment-{n}" for n in range(len(segments))]
    return Earlier(ids, np.array([one.centre for one in segments]))


class TestSegments:
    def test_are_the_tastes_that_the_shop_was_made_of(self, segments_and_people):
        segments, people = segments_and_people
        assert len(segments) == len(TOPICS)
        pairs = {(topic_of(name), one.segment) for name, one in people.items()}
        assert len(pairs) == len(TOPICS)

    def test_are_named_by_the_words_of_what_they_like(self, segments_and_people):
        segments, people = segments_and_people
        for name in ("C000", "C001", "C002"):
            terms = [one["name"] for one in segments[people[name].segment].terms]
            assert set(terms) <= set(TOPICS[topic_of(name)].split())
            assert len(terms) > 1

    def test_say_how_many_they_are_and_who_is_typical(self, segments_and_people):
        segments, people = segments_and_people
        names = list(people)
        assert sum(one.size for one in segments) == len(people)
        for place, segment in enumerate(segments):
            assert {people[names[row]].segment for row in segment.examples} == {place}

    def test_do_not_depend_on_the_order_of_customers(self, segments_and_people):
        shuffled, people = drawn(with_customers_shuffled(SHOP, seed=3))
        for name, one in people.items():
            same = segments_and_people[1][name]
            assert shuffled[one.segment].terms == segments_and_people[0][same.segment].terms

    def test_without_embeddings_words_tell_them_apart(self):
        no_width = np.zeros((len(SHOP.products), 0), dtype=np.float32)
        shop = replace(SHOP, products=replace(SHOP.products, embedding=no_width))
        _, people = drawn(shop)
        assert len({(topic_of(name), one.segment) for name, one in people.items()}) == 3

    def test_few_customers_have_none(self):
        shop = shop_of_tastes(customers=30, products=24)
        segments, people = drawn(shop)
        assert segments == []
        assert {one.segment for one in people.values()} == {-1}


class TestIdentity:
    def test_a_rebuild_finds_the_same_ones(self, segments_and_people):
        segments, people = segments_and_people
        earlier = earlier_from(segments)
        again, others = drawn(earlier=earlier)
        assert sorted(one.known_as for one in again) == sorted(earlier.ids)
        for name, one in others.items():
            assert again[one.segment].known_as == f"segment-{people[name].segment}"

    def test_a_new_taste_is_a_new_segment_beside_the_others(self, segments_and_people):
        segments, _ = segments_and_people
        two = earlier_from(segments[:2])
        again, _ = drawn(earlier=two)
        assert sorted(one.known_as for one in again) == ["", "segment-0", "segment-1"]

    def test_what_lies_elsewhere_is_another_one(self, segments_and_people):
        segments, _ = segments_and_people
        moved = earlier_from(segments)
        again, _ = drawn(earlier=Earlier(moved.ids, -moved.centres))
        assert "" in {one.known_as for one in again}


class TestConfidence:
    def test_is_higher_the_more_a_history_says(self, segments_and_people):
        _, people = segments_and_people
        counts = np.bincount(SHOP.events.customer, minlength=len(SHOP.customers))
        sure = np.array([people[str(name)].confidence for name in SHOP.customers.id])
        assert np.corrcoef(counts, sure)[0, 1] > 0.3
        assert sure.min() > 0
        assert sure.max() < 1

    def test_of_who_did_nothing_is_none(self):
        customers = SHOP.customers
        shop = replace(
            SHOP,
            customers=replace(
                customers,
                id=np.append(customers.id, "Z"),
                joined_at=np.append(customers.joined_at, START),
            ),
        )
        _, people = drawn(shop)
        assert (people["Z"].segment, people["Z"].confidence) == (-1, 0.0)


class TestDeclaredInterests:
    def test_win_over_what_was_bought(self, segments_and_people):
        _, people = segments_and_people
        said = declared(interests={"C000": "kitchen"})
        _, others = drawn(said=said)
        assert topic_of("C000") == 0
        assert others["C000"].segment == people["C001"].segment
        assert others["C000"].confidence == 1
        assert others["C000"].is_declared
        assert others["C000"].interests[0] == {"name": "kitchen", "kind": "category", "weight": 1.0}

    def test_that_name_nothing_sold_here_decide_nothing(self, segments_and_people):
        _, people = segments_and_people
        _, others = drawn(said=declared(interests={"C000": "astronomy"}))
        assert others["C000"].segment == people["C000"].segment
        assert not others["C000"].is_declared


class TestDemographics:
    def test_change_nothing_however_they_are_dealt(self, segments_and_people):
        segments, people = segments_and_people
        for seed in (1, 2):
            others, dealt = drawn(said=declared(seed=seed))
            assert others == segments
            for name, one in dealt.items():
                assert replace(one, age_band="", gender="") == people[name]

    def test_may_help_where_a_shop_asks_for_it(self, segments_and_people):
        segments, _ = segments_and_people
        others, _ = drawn(said=declared(seed=1), use_demographics=True)
        assert len(others[0].centre) > len(segments[0].centre)


class TestWhatMayNotBeConcluded:
    def test_goods_of_special_categories_count_for_nothing(self):
        texts = SHOP.products.text.copy()
        kitchen = SHOP.products.category == "kitchen"
        texts[kitchen] = [f"maternity {text}" for text in texts[kitchen]]
        shop = replace(SHOP, products=replace(SHOP.products, text=texts))
        segments, people = drawn(shop)
        told = {term["name"] for one in segments for term in one.terms}
        told |= {i["name"] for one in people.values() for i in one.interests}
        assert not told & {"maternity", "kitchen", "pan", "knife", "bowl"}
        assert told & {"garden", "desk"}
