"""Forecasts: learned from launches alike, updated by what is counted, with intervals that hold."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_core.errors import InvalidRate
from launchopt_core.forecast import Rates, curve_of, expected, likeness, rates_of, share_over


class TestRates:
    def test_follow_the_launches_that_count_most(self):
        counts, customers = [10, 1000], [1000, 1000]
        first = rates_of(counts, customers, [1.0, 0.01])
        last = rates_of(counts, customers, [0.01, 1.0])
        assert first.mean < 0.03 < 0.9 < last.mean

    def test_few_launches_leave_more_doubt_than_many_alike(self):
        few, many = (rates_of([90, 110] * n, [1000] * 2 * n, [1.0] * 2 * n) for n in (1, 20))
        assert few.mean == pytest.approx(many.mean)
        assert few.shape < many.shape

    def test_launches_without_any_sale_are_not_certain(self):
        assert rates_of([0, 0], [1000, 1000], [1, 1]).mean == pytest.approx(0.5 / 2000)

    def test_nothing_to_learn_from_is_refused(self):
        with pytest.raises(InvalidRate, match="no past launch"):
            rates_of([], [], [])


class TestExpected:
    def test_intervals_hold_the_count_as_often_as_they_say(self):
        """Launches drawn from the model itself, looked at before the start and at half time."""
        rng = np.random.default_rng(0)
        truth = Rates(3.0, 30.0)
        for share in (0.0, 0.5):
            held = 0
            for _ in range(1000):
                rate = rng.gamma(truth.shape, 1 / truth.rate)
                seen, rest = rng.poisson(rate * 1000 * np.array([share, 1 - share]))
                found = expected(truth, exposure=1000, share=share, seen=seen)
                held += found.low <= seen + rest <= found.high
            assert 0.77 < held / 1000 < 0.86

    @given(seen=st.integers(0, 500), share=st.floats(0.01, 0.99))
    def test_never_falls_below_what_was_counted(self, seen: int, share: float):
        found = expected(Rates(2.0, 20.0), exposure=1000, share=share, seen=seen)
        assert seen <= found.low <= found.high

    def test_at_the_end_it_is_what_was_counted(self):
        found = expected(Rates(2.0, 20.0), exposure=1000, share=1.0, seen=77)
        assert (found.mean, found.low, found.high) == (77, 77, 77)

    @pytest.mark.parametrize("wrong", [{"share": 1.2}, {"seen": -1}])
    def test_refuses_what_cannot_be(self, wrong):
        with pytest.raises(InvalidRate):
            expected(Rates(2.0, 20.0), exposure=1000, **wrong)


class TestCurve:
    @given(by_day=st.lists(st.integers(0, 50), max_size=14))
    def test_rises_from_nothing_to_all(self, by_day: list[int]):
        curve = curve_of(by_day, length_days=14.0)
        assert len(curve) == 14
        assert curve[-1] == 1.0
        assert all(after > before for before, after in pairwise(curve))

    def test_half_a_day_at_the_end_counts_half(self):
        assert curve_of([], length_days=1.5) == pytest.approx([2 / 3, 1.0])

    def test_a_day_passes_evenly(self):
        assert share_over([0.5, 1.0], days=0.5) == 0.25


class TestLikeness:
    def test_falls_with_content_price_and_season(self):
        same = np.array([1.0, 0.5, 1.0, 1.0])
        found = likeness(
            similarity=same,
            price_ratio=np.array([1.0, 1.0, 3.0, 1.0]),
            season_days=np.array([0, 0, 0, 180]),
        )
        assert found[0] == 1.0
        assert (found[1:] < 0.5).all()

    def test_the_last_day_of_a_year_is_near_the_first(self):
        near, far = likeness(
            similarity=np.ones(2), price_ratio=np.ones(2), season_days=np.array([364, 180])
        )
        assert near > 0.9 > far

    def test_an_unknown_price_says_nothing(self):
        args = {"similarity": np.ones(1), "season_days": np.zeros(1)}
        assert likeness(price_ratio=np.array([np.nan]), **args)[0] == 1.0
