"""Resampled means: against the formula, paired, and the same under a seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_core.bootstrap import MOST_GROUPS, Draws, percentile_interval


def draws(units, *, seed=0, resamples=2000):
    return Draws.of(units, rng=np.random.default_rng(seed), resamples=resamples)


class TestDraws:
    def test_means_spread_as_the_formula_says(self):
        values = np.random.default_rng(1).normal(3, 2, (400, 1))
        means = draws(400).means(values)[:, 0]
        assert means.mean() == pytest.approx(values.mean(), abs=0.01)
        assert means.std() == pytest.approx(values.std() / np.sqrt(400), rel=0.08)

    def test_more_units_than_groups_spread_the_same(self):
        units = 3 * MOST_GROUPS + 7
        values = np.random.default_rng(2).normal(0, 1, (units, 1))
        means = draws(units).means(values)[:, 0]
        assert means.std() == pytest.approx(values.std() / np.sqrt(units), rel=0.08)

    def test_what_is_the_same_everywhere_does_not_move(self):
        assert np.ptp(draws(37).means(np.full((37, 2), 5.0))) == pytest.approx(0)

    def test_the_same_draws_pair_two_models(self):
        first = np.random.default_rng(3).normal(0, 10, (50, 1))
        made = draws(50)
        gap = made.means(first + 1) - made.means(first)
        np.testing.assert_allclose(gap, 1)

    def test_totals_are_sums_over_what_was_drawn(self):
        made = draws(5, resamples=3)
        np.testing.assert_allclose(made.totals(np.ones((5, 1))), 5)

    def test_one_seed_gives_one_answer(self):
        np.testing.assert_array_equal(draws(20, seed=4).times, draws(20, seed=4).times)

    def test_refuses_to_draw_from_nothing(self):
        with pytest.raises(ValueError, match="nothing to draw"):
            draws(0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
def test_an_interval_lies_within_what_was_seen(values):
    low, high = percentile_interval(np.array(values))
    slack = 1e-6 * max(1.0, *map(abs, values))
    assert min(values) - slack <= low <= high + slack
    assert high <= max(values) + slack
