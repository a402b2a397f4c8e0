"""The stability index by hand, what chance alone gives, and how far seasons swing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_core.drift import Swing, population_stability, usual_instability


class TestPopulationStability:
    def test_is_the_sum_that_the_book_gives(self):
        expected, actual = np.array([50, 50]), np.array([75, 25])
        by_hand = 0.25 * np.log(0.75 / 0.5) - 0.25 * np.log(0.25 / 0.5)
        assert population_stability(expected, actual) == pytest.approx(by_hand)

    def test_an_empty_class_leaves_it_finite(self):
        assert np.isfinite(population_stability(np.array([1, 1]), np.array([2, 0])))

    def test_refuses_a_histogram_of_nothing(self):
        with pytest.raises(ValueError, match="without a single count"):
            population_stability(np.array([1, 1]), np.array([0, 0]))

    @given(st.lists(st.integers(1, 1000), min_size=2, max_size=10), st.integers(1, 9))
    def test_size_does_not_matter_and_nothing_is_below_zero(self, counts, times):
        counts = np.array(counts)
        assert population_stability(counts, counts * times) == pytest.approx(0, abs=1e-12)
        assert population_stability(counts, counts[::-1]) >= 0


class TestUsualInstability:
    PRODUCTS = np.random.default_rng(0).multinomial(1000, np.full(10, 0.1), size=40)

    def usual(self, products, together):
        return usual_instability(products, together=together, rng=np.random.default_rng(1))

    def test_fewer_products_together_are_less_like_all(self):
        assert self.usual(self.PRODUCTS, 1) > self.usual(self.PRODUCTS, 20)

    def test_holds_what_chance_gives(self):
        more = np.random.default_rng(2).multinomial(1000, np.full(10, 0.1), size=200)
        found = [population_stability(self.PRODUCTS.sum(0), row) for row in more]
        assert np.mean(np.array(found) > self.usual(self.PRODUCTS, 1)) < 0.05

    def test_products_unlike_each_other_are_no_news(self):
        unlike = np.eye(10, dtype=int) * 1000
        assert self.usual(unlike, 1) > 5


class TestSwing:
    def test_without_any_launch_it_is_the_stated_assumption(self):
        low, high = Swing.of([]).interval(100)
        assert 40 < low < 65
        assert 155 < high < 250
        assert low * high == pytest.approx(100**2)

    def test_steady_seasons_draw_it_in_and_wild_ones_out(self):
        wide = {name: Swing.of(r).interval(1e6) for name, r in self.SEASONS.items()}
        assert wide["steady"][1] < wide["none"][1] < wide["wild"][1]

    SEASONS = {"steady": [1.0] * 12, "none": [], "wild": [4.0, 0.25] * 6}

    def test_holds_four_of_five_seasons(self):
        rng = np.random.default_rng(3)
        inside = []
        for _ in range(400):
            ratios = np.exp(rng.normal(0, 0.4, 13))
            low, high = Swing.of(ratios[:12]).interval(1e6)
            inside.append(low <= 1e6 * ratios[12] <= high)
        assert np.mean(inside) == pytest.approx(0.8, abs=0.06)

    def test_windows_that_overlap_count_for_less(self):
        apart, overlapping = Swing.of([2.0] * 9), Swing.of([2.0] * 9, seasons=3)
        assert overlapping.freedom < apart.freedom

    def test_few_buyers_are_uncertain_even_in_a_steady_shop(self):
        swing = Swing.of([1.0] * 1000)
        assert swing.interval(4)[1] / 4 > 1.5 > swing.interval(1e6)[1] / 1e6

    def test_nothing_predicted_promises_nothing(self):
        assert Swing.of([]).interval(0) == (0.0, 0.0)
