"""Methods, corrections and the check of sizes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from launchopt_core.errors import NoPositiveWeight
from launchopt_core.inference import (
    Correction,
    Difference,
    Method,
    Terms,
    adjusted,
    or_none,
    pairs,
    read,
    sample_ratio,
)


def belief(estimate: float, error: float, units: float = 5_000) -> Difference:
    figures = estimate, error, np.inf, units, 1.0, estimate, error
    arrays = (np.array([figure]) for figure in figures)
    return Difference(*arrays)


class TestMethods:
    def test_an_interval_that_includes_zero_is_not_conclusive(self):
        assert not read(belief(0.1, 0.06), Terms()).is_conclusive[0]
        assert read(belief(0.1, 0.04), Terms()).is_conclusive[0]

    def test_looking_at_any_time_costs_width(self):
        wide, narrow = (
            read(belief(0.1, 0.04), Terms(method=method))
            for method in (Method.SEQUENTIAL, Method.FIXED)
        )
        assert 1.3 < (wide.high - wide.low)[0] / (narrow.high - narrow.low)[0] < 1.6

    def test_the_sequence_is_tightest_at_its_tuning(self):
        units = np.geomspace(100, 1e6, 60)

        def width(tuning: float) -> np.ndarray:
            difference = Difference(*([np.ones(60)] * 3), units, *([np.ones(60)] * 3))
            return read(difference, Terms(method=Method.SEQUENTIAL, tuning=tuning)).high

        others = np.stack([width(tuning) for tuning in np.geomspace(50, 2e6, 40)])
        best = units[(width(5_000.0) / others.min(axis=0)).argmin()]
        assert 3_000 < best < 8_000

    def test_chance_and_loss_are_those_of_a_normal_belief(self):
        reading = read(belief(0.3, 0.2), Terms())
        draws = np.random.default_rng(5).normal(0.3, 0.2, 2_000_000)
        assert reading.chance_to_win[0] == pytest.approx((draws > 0).mean(), abs=0.002)
        assert reading.expected_loss[0] == pytest.approx(np.maximum(-draws, 0).mean(), rel=0.02)

    def test_never_wrong_for_long_at_any_of_twenty_looks(self):
        """No effect; the fixed interval errs at some look far more often than the sequence."""
        rng, looks, each = np.random.default_rng(8), 20, 500
        steps = rng.normal(0, 1, (400, looks, 2)) * np.sqrt(each)
        sums = steps.cumsum(axis=1)  # (experiments, looks, groups), of normal values
        count = each * np.arange(1, looks + 1)
        error = np.broadcast_to(np.sqrt(2 / count), sums.shape[:2])
        estimate = (sums[..., 1] - sums[..., 0]) / count
        ones = np.ones(estimate.shape)
        units = np.broadcast_to(2.0 * count, estimate.shape)
        difference = Difference(estimate, error, ones * np.inf, units, ones, estimate, error)
        wrong = {
            method: read(difference, Terms(method=method)).is_conclusive.any(axis=1).mean()
            for method in (Method.FIXED, Method.SEQUENTIAL)
        }
        assert wrong[Method.FIXED] > 0.15
        assert wrong[Method.SEQUENTIAL] <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


class TestCorrections:
    @pytest.mark.parametrize(("ours", "theirs"), [("holm", "holm"), ("bh", "fdr_bh")])
    def test_is_statsmodels_within_each_family(self, ours, theirs):
        rng = np.random.default_rng(1)
        p, family = rng.beta(0.4, 3, 90), rng.integers(0, 7, 90)
        found = adjusted(p, family, Correction(ours))
        for name in range(7):
            oracle = multipletests(p[family == name], method=theirs)[1]
            np.testing.assert_allclose(found[family == name], oracle, rtol=1e-9)

    @settings(deadline=None)
    @given(
        p=st.lists(st.floats(0, 1), min_size=1, max_size=12),
        correction=st.sampled_from(["holm", "bh"]),
    )
    def test_never_makes_a_p_value_smaller_and_keeps_their_order(self, p, correction):
        values = np.array(p)
        found = adjusted(values, np.zeros(len(p), int), Correction(correction))
        assert (found >= values - 1e-15).all()
        assert (np.diff(found[values.argsort()]) >= -1e-15).all()

    @pytest.mark.parametrize("correction", ["holm", "bh"])
    def test_what_could_not_be_computed_was_not_asked(self, correction):
        some = np.array([0.01, np.nan, 0.03])
        found = adjusted(some, np.zeros(3, int), Correction(correction))
        pair = adjusted(some[[0, 2]], np.zeros(2, int), Correction(correction))
        assert np.isnan(found[1])
        np.testing.assert_array_equal(found[[0, 2]], pair)


class TestSampleRatio:
    @pytest.mark.parametrize("counts", [(500, 520), (5000, 5500), (90, 1000)])
    def test_is_pearsons_chi_square(self, counts):
        ours = sample_ratio(counts, [1, 1])
        assert ours.p_value[0] == pytest.approx(stats.chisquare(counts).pvalue, rel=1e-9)
        assert ours.ok[0] == (ours.p_value[0] >= 0.001)

    def test_judges_many_groups_in_one_call(self):
        counts = np.random.default_rng(0).integers(400, 600, (50, 3))
        oracle = stats.chisquare(counts, axis=1).pvalue
        np.testing.assert_allclose(sample_ratio(counts, [1, 1, 1]).p_value, oracle, rtol=1e-9)

    def test_heeds_the_weights(self):
        assert sample_ratio([1000, 9000], [1, 9]).ok[0]

    def test_somebody_in_a_group_without_weight_is_a_fault(self):
        found = sample_ratio([100, 1], [1, 0])
        assert (found.p_value[0], found.ok[0]) == (0.0, False)

    def test_a_variant_that_nobody_got_is_a_fault(self):
        assert not sample_ratio([100, 0], [1, 1]).ok[0]

    def test_nobody_yet_is_no_fault(self):
        assert sample_ratio([0, 0], [1, 1]).ok[0]

    @pytest.mark.parametrize("weights", [[0, 0], [1, -1], [np.nan, 1]])
    def test_refuses_weights_that_sum_to_nothing(self, weights):
        with pytest.raises(NoPositiveWeight):
            sample_ratio([1, 1], weights)


class TestForJson:
    def test_has_no_number_that_is_none(self):
        assert or_none(np.array([np.nan, np.inf, -np.inf, 0.5])) == [None, None, None, 0.5]

    def test_an_interval_without_a_limit_is_none(self):
        assert pairs(np.array([0.0, np.nan]), np.array([1.0, 1.0])) == [[0.0, 1.0], None]
