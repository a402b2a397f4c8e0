"""Personas say what customers did and declared, and nothing else."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_core import personas
from launchopt_core.errors import InvalidRate
from launchopt_core.personas import (
    PriceBands,
    age_band,
    declared_gender,
    distinctive,
    holders_of,
    price_band,
    price_bands,
    quintiles,
    rfm_classes,
    rfm_name,
    terms_of,
)

maybe_numbers = st.lists(st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6)), max_size=60)


class TestQuintiles:
    def test_gives_every_class_a_fifth(self):
        assert np.bincount(quintiles(range(1000)))[1:].tolist() == [200] * 5

    @given(maybe_numbers)
    def test_equals_share_a_class_and_more_is_never_worse(self, values):
        classes = quintiles(values)
        pairs = [(v, c) for v, c in zip(values, classes, strict=True) if not np.isnan(v)]
        for value, rank in pairs:
            for other, other_rank in pairs:
                assert value != other or rank == other_rank
                assert value <= other or rank >= other_rank

    @given(maybe_numbers)
    def test_only_those_who_never_did_have_no_class(self, values):
        assert np.array_equal(quintiles(values) == 0, np.isnan(np.asarray(values, dtype=float)))

    def test_nobody_has_no_classes(self):
        assert quintiles([]).tolist() == []


class TestRfm:
    def test_ranks_the_recent_frequent_and_generous_highest(self):
        days, orders, spent = [1, 50, 100, 200, 300], [9, 7, 5, 3, 1], [900, 700, 500, 300, 100]
        assert rfm_classes(days, orders, spent).tolist() == [[n] * 3 for n in (5, 4, 3, 2, 1)]

    def test_who_never_bought_says_nothing_of_the_others(self):
        with_them = rfm_classes([1, 9, np.nan], [5, 1, 0], [50, 10, 0])
        assert with_them[2].tolist() == [0, 0, 0]
        assert with_them[:2].tolist() == rfm_classes([1, 9], [5, 1], [50, 10]).tolist()

    @pytest.mark.parametrize(
        ("classes", "name"),
        [
            ((5, 4, 4), "champion"),
            ((5, 1, 1), "new"),
            ((4, 3, 2), "promising"),
            ((3, 5, 1), "loyal"),
            ((3, 2, 2), "regular"),
            ((1, 1, 4), "at risk"),
            ((2, 2, 2), "lapsed"),
            ((0, 0, 0), "never bought"),
        ],
    )
    def test_has_a_name_that_a_marketer_uses(self, classes, name):
        assert rfm_name(*classes) == name


class TestPriceBand:
    def test_cuts_the_catalogue_in_thirds(self):
        bands = price_bands(range(1, 301))
        assert [bands.band_of(price) for price in (50, 150, 250)] == ["low", "middle", "high"]

    def test_one_dear_gift_does_not_make_a_dear_customer(self):
        assert price_band([2, 3, 500], PriceBands(5, 20)) == "low"

    def test_has_none_where_nothing_was_paid_or_priced(self):
        assert price_band([], PriceBands(1, 2)) is None
        assert price_band([1.0], price_bands([])) is None


class TestDistinctive:
    def test_what_everybody_has_sets_nobody_apart(self):
        found = distinctive({"bag": 5, "lantern": 2}, {"bag": 1000, "lantern": 3}, 1000)
        assert list(found) == ["lantern", "bag"]

    @given(st.dictionaries(st.text(max_size=4), st.integers(0, 9), max_size=12), st.integers(1, 6))
    def test_weights_sum_to_one_and_are_at_most_so_many(self, counts, most):
        found = distinctive(counts, {}, 10, most=most)
        assert len(found) == min(most, sum(count > 0 for count in counts.values()))
        assert not found or sum(found.values()) == pytest.approx(1)

    def test_counts_in_how_many_histories_a_term_occurs(self):
        assert holders_of([["a", "a", "b"], ["a"]]) == {"a": 2, "b": 1}

    def test_refuses_room_for_no_term(self):
        with pytest.raises(InvalidRate):
            distinctive({"a": 1}, {}, 10, most=0)


class TestTermsOf:
    def test_reads_english_and_chinese(self):
        assert terms_of("SET OF 3 RED 蜡烛 CANDLES") == {"red": 1, "candles": 1, "蜡烛": 1}

    def test_an_empty_text_is_about_nothing(self):
        assert terms_of("") == {}


class TestWhatWasDeclared:
    @pytest.mark.parametrize(
        ("year", "band"), [(2010, "under 18"), (2008, "18-24"), (1961, "65+"), (1906, "65+")]
    )
    def test_reads_a_declared_birth_year(self, year, band):
        assert age_band(year, year=2026) == band

    @pytest.mark.parametrize("year", [None, 1800, 2030])
    def test_has_no_age_where_none_was_declared_or_an_impossible_one(self, year):
        assert age_band(year, year=2026) is None

    @pytest.mark.parametrize("value", [None, "", "unknown", "Alice"])
    def test_has_no_gender_where_none_was_declared(self, value):
        assert declared_gender(value) is None

    def test_takes_nothing_but_the_declaration(self):
        assert list(inspect.signature(personas.declared_gender).parameters) == ["value"]
        assert set(inspect.signature(personas.age_band).parameters) == {"birth_year", "year"}
