"""Moments add exactly and give what numpy gives."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_core.errors import ImpossibleInput, TooFewObservations
from launchopt_core.moments import Moments, PairedMoments

amounts = st.lists(
    st.integers(-(10**8), 10**8).map(lambda cents: Decimal(cents) / 100), max_size=50
)


class TestMoments:
    @given(one=amounts, other=amounts)
    def test_adding_groups_is_the_same_as_counting_them_together(self, one, other):
        assert Moments.of(one) + Moments.of(other) == Moments.of([*one, *other])

    @given(values=amounts.filter(lambda values: len(values) > 1))
    def test_has_the_mean_and_variance_of_the_values(self, values):
        moments = Moments.of(values)
        floats = np.array([float(value) for value in values])
        assert moments.mean == pytest.approx(floats.mean(), rel=1e-9, abs=1e-9)
        assert moments.variance == pytest.approx(floats.var(ddof=1), rel=1e-6, abs=1e-6)

    def test_keeps_a_small_spread_around_a_large_mean(self):
        moments = Moments.of([Decimal("1e9"), Decimal("1000000001"), Decimal("1000000002")])
        assert moments.variance == 1.0

    def test_loses_no_digit_of_a_long_sum(self):
        large = Moments(1, Decimal("123456789012345.67"), Decimal("123456789012345.67") ** 2)
        small = Moments(1, Decimal("0.01"), Decimal("0.0001"))
        assert (large + small).sum == Decimal("123456789012345.68")
        assert Moments.of([Decimal(10) ** 20, Decimal("1e-9")]).sum_squares == Decimal(
            "10000000000000000000000000000000000000000.000000000000000001"
        )

    def test_a_proportion_is_ones_and_zeros(self):
        assert Moments.of_proportion(3, 10) == Moments.of([1] * 3 + [0] * 7)

    def test_adds_floats_to_exact_sums(self):
        assert (Moments(1, 1.5, 2.25) + Moments(1, Decimal(2), Decimal(4))).sum == Decimal("3.5")

    @pytest.mark.parametrize(
        "args", [(-1, 0, 0), (1, 0, -1), (1, float("nan"), 1), (1, 1, float("inf"))]
    )
    def test_refuses_what_is_no_sum_of_observations(self, args):
        with pytest.raises(ImpossibleInput):
            Moments(*args)

    def test_refuses_a_mean_of_nobody_and_a_variance_of_one(self):
        with pytest.raises(TooFewObservations):
            _ = Moments(0, 0, 0).mean
        with pytest.raises(TooFewObservations):
            _ = Moments(1, 1, 1).variance

    def test_refuses_more_successes_than_trials(self):
        with pytest.raises(ImpossibleInput):
            Moments.of_proportion(11, 10)


class TestPairedMoments:
    @given(
        pairs=st.lists(st.tuples(st.integers(-999, 999), st.integers(-999, 999)), min_size=2),
        others=st.lists(st.tuples(st.integers(-999, 999), st.integers(-999, 999))),
    )
    def test_add_up_and_have_the_covariance_of_the_values(self, pairs, others):
        both = PairedMoments.of([*pairs, *others])
        assert PairedMoments.of(pairs) + PairedMoments.of(others) == both
        values, covariates = np.array([*pairs, *others], dtype=float).T
        assert both.covariance == pytest.approx(np.cov(values, covariates)[0, 1], abs=1e-6)

    def test_refuse_figures_of_different_customers(self):
        with pytest.raises(ImpossibleInput, match="different numbers"):
            PairedMoments(Moments(1, 1, 1), Moments(2, 1, 1), 1)
