"""Forecasts: learned from launches alike, updated by what is counted, with intervals that hold."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_core.course import (
    ASSUMED_STEP,
    ASSUMED_UNEVENNESS,
    MOST_UNEVEN,
    Period,
    curve_of,
    drift_of,
    share_over,
    step_of,
    unevenness_of,
)
from launchopt_core.errors import InvalidRate
from launchopt_core.forecast import Rates, expected, likeness, rates_of


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


def held(truth: Rates, *, believed: Rates, share: float, rng: np.random.Generator) -> float:
    """The share of launches drawn from the one belief that the other's intervals hold."""
    steadiness, found = 1 / truth.unevenness - 1, 0
    for _ in range(400):
        rate = rng.gamma(truth.shape, 1 / truth.rate)
        rate *= np.exp(np.sqrt(truth.drift) * rng.standard_normal() - truth.drift / 2)
        over = rng.beta(steadiness * share, steadiness * (1 - share)) if share else 0.0
        seen, rest = rng.poisson(rate * 1000 * np.array([over, 1 - over]))
        told = expected(believed, exposure=1000, share=share, seen=seen)
        found += told.low <= seen + rest <= told.high
    return found / 400


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

    def test_they_hold_where_seasons_move_and_courses_differ(self):
        rng = np.random.default_rng(1)
        truth = Rates(3.0, 30.0, drift=0.3, unevenness=0.1)
        for share in (0.0, 0.25):
            assert 0.75 < held(truth, believed=truth, share=share, rng=rng) < 0.87
            assert held(truth, believed=Rates(3.0, 30.0), share=share, rng=rng) < 0.75

    def test_a_hit_is_not_drawn_back_where_the_season_may_have_moved(self):
        sure, open_minded = (
            expected(Rates(3.0, 3000.0, drift=drift), exposure=1000, share=0.25, seen=20)
            for drift in (0.0, 0.5)
        )
        assert sure.mean < open_minded.mean < 80

    def test_part_of_a_launch_lies_below_the_whole(self):
        rates = Rates(3.0, 30.0, drift=0.2, unevenness=0.05)
        part, whole = (
            expected(rates, exposure=1000, share=0.2, seen=30, until=until) for until in (0.5, 1.0)
        )
        assert 30 <= part.low <= part.mean < whole.mean
        assert part.high < whole.high

    @given(seen=st.integers(0, 500), share=st.floats(0.01, 0.99))
    def test_never_falls_below_what_was_counted(self, seen: int, share: float):
        rates = Rates(2.0, 20.0, drift=0.3, unevenness=0.1)
        found = expected(rates, exposure=1000, share=share, seen=seen)
        assert seen <= found.low <= found.high

    def test_at_the_end_it_is_what_was_counted(self):
        found = expected(Rates(2.0, 20.0), exposure=1000, share=1.0, seen=77)
        assert (found.mean, found.low, found.high) == (77, 77, 77)

    @pytest.mark.parametrize("wrong", [{"share": 1.2}, {"seen": -1}, {"share": 0.5, "until": 0.4}])
    def test_refuses_what_cannot_be(self, wrong):
        with pytest.raises(InvalidRate):
            expected(Rates(2.0, 20.0), exposure=1000, **wrong)


class TestCurve:
    @given(by_day=st.lists(st.integers(0, 50), min_size=14, max_size=14))
    def test_rises_from_nothing_to_all(self, by_day: list[int]):
        curve = curve_of([by_day], [1.0], length_days=14.0)
        assert len(curve) == 14
        assert curve[-1] == 1.0
        assert all(after > before for before, after in pairwise(curve))

    def test_half_a_day_at_the_end_counts_half(self):
        assert curve_of([], [], length_days=1.5) == pytest.approx([2 / 3, 1.0])

    def test_a_day_passes_evenly(self):
        assert share_over([0.5, 1.0], days=0.5) == 0.25


class TestUnevenness:
    @pytest.mark.parametrize("truth", [0.01, 0.1])
    def test_finds_how_far_drawn_launches_stray(self, truth: float):
        rng = np.random.default_rng(0)
        curve = np.linspace(0.1, 1.0, 10)
        courses = rng.dirichlet((1 / truth - 1) * np.full(10, 0.1), size=400)
        days = np.array([rng.multinomial(30, course) for course in courses])
        assert unevenness_of(days, np.ones(400), curve) == pytest.approx(truth, abs=0.01)

    def test_without_launches_it_is_assumed_and_never_beyond_reason(self):
        assert unevenness_of([], [], [0.5, 1.0]) == ASSUMED_UNEVENNESS
        assert unevenness_of([[900, 0], [0, 900]], [1, 1], [0.5, 1.0]) == MOST_UNEVEN


def periods(levels: list[float], *, launches: int = 200, each: int = 10) -> list[Period]:
    """The periods of launches that count `each` on the mean at a level of 0, the latest first."""
    rng = np.random.default_rng(0)
    counts = [rng.poisson(each * np.exp(level), launches) for level in levels]
    return [
        Period(number, launches, float(c.sum()), float((c**2).sum()), launches * 1000.0)
        for number, c in enumerate(counts)
    ]


class TestDrift:
    def test_is_learned_from_how_seasons_moved(self):
        steps = np.random.default_rng(0).normal(0, 0.8, 60)
        assert step_of(periods(list(np.cumsum(steps)))) == pytest.approx(0.64, rel=0.25)

    def test_of_a_shop_without_seasons_shrinks(self):
        assert step_of(periods([0.0] * 40)) < 0.1 * ASSUMED_STEP + 0.001

    def test_is_no_illusion_of_few_unlike_launches(self):
        quiet = periods([0.0] * 40, launches=4, each=1)
        assert step_of(quiet) < ASSUMED_STEP

    def test_grows_with_the_season_between(self):
        near, far = (drift_of(0.1, season_days=[days], weights=[1]) for days in (5, 140))
        assert (near, far) == (0.1, 0.5)


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
