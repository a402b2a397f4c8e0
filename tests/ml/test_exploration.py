"""What is drawn is drawn by its weight, the same all day, and stays when another product joins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_ml.recommendation.exploration import drawn, hashed, times, uniform
from launchopt_ml.recommendation.places import NOTHING, placed
from launchopt_ml.recommendation.seating import Drawn, seated

TODAY = np.array(20_000)


def race(weight, *, customers=None, day=TODAY, skus=None):
    """Times of (customers, products) with these weights."""
    weight = np.asarray(weight, dtype=float)
    names = customers or [f"customer {place}" for place in range(len(weight))]
    skus = skus or [f"sku {place}" for place in range(weight.shape[1])]
    return times(uniform(hashed(names)[:, None], hashed(skus), day), weight=weight)


class TestUniform:
    def test_is_even_between_nought_and_one(self):
        fractions = uniform(hashed(map(str, range(500)))[:, None], hashed("abcdefgh"), TODAY)
        assert 0 < fractions.min() < fractions.max() < 1
        share = np.histogram(fractions, bins=4, range=(0, 1))[0] / fractions.size
        assert share == pytest.approx([0.25] * 4, abs=0.03)

    def test_is_the_same_all_day_and_another_the_next(self):
        again = [uniform(hashed(["anna"]), hashed(["cup"]), TODAY + days)[0] for days in (0, 0, 1)]
        assert again[0] == again[1] != again[2]

    def test_of_two_customers_and_two_products_differ(self):
        names = hashed(["anna", "ben"])
        assert len(np.unique(uniform(names[:, None], hashed(["cup", "jug"]), TODAY))) == 4


class TestDrawn:
    def test_the_first_is_drawn_as_often_as_its_weight_says(self):
        weight = np.tile([0.6, 0.3, 0.1], (4000, 1))
        place, propensity = drawn(race(weight), weight=weight, count=2)
        share = np.bincount(place[:, 0], minlength=3) / 4000
        assert share == pytest.approx([0.6, 0.3, 0.1], abs=0.03)
        assert propensity[:, 0] == pytest.approx(weight[0, place[:, 0]])

    def test_the_second_is_drawn_among_those_left(self):
        weight = np.tile([0.6, 0.3, 0.1], (4000, 1))
        place, propensity = drawn(race(weight), weight=weight, count=2)
        after_first = place[:, 0] == 0
        assert np.mean(place[after_first, 1] == 1) == pytest.approx(0.75, abs=0.03)
        second = np.where(place[after_first, 1] == 1, 0.75, 0.25)
        assert propensity[after_first, 1] == pytest.approx(second)

    def test_the_inverse_of_the_propensity_gives_each_product_its_due(self):
        weight = np.tile([0.6, 0.3, 0.1], (8000, 1))
        place, propensity = drawn(race(weight), weight=weight, count=1)
        due = np.bincount(place[:, 0], 1 / propensity[:, 0], minlength=3) / 8000
        assert due == pytest.approx([1, 1, 1], abs=0.1)

    def test_nobody_is_drawn_without_weight(self):
        place, propensity = drawn(race([[0.0, 0.2]]), weight=np.array([[0.0, 0.2]]), count=2)
        assert (place[0, 0], propensity.tolist()) == (1, [[1.0, 0.0]])

    @given(
        st.lists(st.floats(1e-4, 1), min_size=1, max_size=8),
        st.floats(1e-4, 1),
        st.integers(1, 4),
    )
    def test_who_joins_changes_nobodys_order(self, weights, joining, count):
        before = np.array([weights])
        after = np.array([[*weights, joining]])
        old, _ = drawn(race(before), weight=before, count=len(weights))
        new, _ = drawn(race(after), weight=after, count=count)
        stayed = [place for place in new[0].tolist() if place != len(weights)]
        assert stayed == old[0].tolist()[: len(stayed)]


class TestPlaced:
    def test_what_is_drawn_ends_each_stretch(self):
        ranked, taken = placed(np.ones((1, 6), bool), np.ones((1, 2), bool), count=6, every=3)
        assert ranked.tolist() == [[0, 1, NOTHING, 2, 3, NOTHING]]
        assert taken.tolist() == [[NOTHING, NOTHING, 0, NOTHING, NOTHING, 1]]

    def test_where_nothing_is_left_to_draw_the_ranked_go_on(self):
        ranked, taken = placed(np.ones((1, 4), bool), np.zeros((1, 2), bool), count=4, every=2)
        assert ranked.tolist() == [[0, 1, 2, 3]]
        assert (taken == NOTHING).all()

    def test_where_no_ranked_are_left_what_is_drawn_closes_up(self):
        ranked, taken = placed(np.ones((1, 1), bool), np.ones((1, 2), bool), count=6, every=3)
        assert ranked.tolist() == [[0, *[NOTHING] * 5]]
        assert taken.tolist() == [[NOTHING, 0, 1, NOTHING, NOTHING, NOTHING]]

    @given(
        st.lists(st.booleans(), max_size=9), st.lists(st.booleans(), max_size=4), st.integers(0, 5)
    )
    def test_nobody_stands_twice_and_there_is_no_gap(self, some, taken, every):
        ranked, drawn_at = placed(
            np.array([some], bool), np.array([taken], bool), count=8, every=every
        )
        stands = (ranked[0] != NOTHING) | (drawn_at[0] != NOTHING)
        assert not ((ranked[0] != NOTHING) & (drawn_at[0] != NOTHING)).any()
        assert stands.tolist() == sorted(stands.tolist(), reverse=True)
        kept = ranked[0][ranked[0] != NOTHING].tolist()
        assert kept == np.flatnonzero(some).tolist()[: len(kept)]


def test_what_was_drawn_stands_at_no_second_place():
    taken = Drawn(np.array([[3]]), np.array([[0.1]]), np.array([[0.5]]))
    seats = seated(np.array([[1, 2, 3, 4]]), np.array([[4.0, 3, 2, 1]]), taken, count=4, every=2)
    assert seats.product.tolist() == [[1, 3, 2, 4]]
    assert seats.score.tolist() == [[4, 0.1, 3, 1]]
    assert np.isnan(seats.propensity).tolist() == [[True, False, True, True]]
