"""Winsorising draws outliers in, and loses nobody."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_core.errors import InvalidRate
from launchopt_core.winsorise import Limits, limits_of, winsorised

values_seen = st.lists(st.floats(-1e9, 1e9), max_size=60)


class TestWinsorised:
    @given(values=values_seen, upper=st.floats(0.5, 1))
    def test_keeps_everybody_in_their_place(self, values, upper):
        drawn = winsorised(values, upper=upper)
        assert len(drawn) == len(values)
        order = np.argsort(values, kind="stable")
        assert (np.diff(drawn[order]) >= 0).all()

    @given(values=values_seen)
    def test_doing_it_twice_changes_nothing_more(self, values):
        limits = limits_of(values, 0.1, 0.9)
        once = limits.applied_to(values)
        assert np.array_equal(limits.applied_to(once), once)

    def test_one_huge_order_no_longer_decides_the_mean(self):
        values = [*([10.0] * 5000), 80_995.0, 74_215.0]
        limits = limits_of(values)
        assert limits.outliers(values).sum() == 2
        assert limits.applied_to(values).mean() == pytest.approx(10.0)

    def test_without_values_there_are_no_limits(self):
        assert limits_of([]).applied_to([7.0]).tolist() == [7.0]

    @given(values=values_seen.filter(bool))
    def test_limits_are_values_that_somebody_had(self, values):
        limits = limits_of(values, 0.05, 0.95)
        assert {limits.low, limits.high} <= set(values)

    @pytest.mark.parametrize(("lower", "upper"), [(0.5, 0.5), (-0.1, 1), (0, 1.1)])
    def test_refuses_quantiles_out_of_order(self, lower, upper):
        with pytest.raises(InvalidRate):
            limits_of([1.0], lower, upper)

    def test_refuses_values_that_are_not_finite(self):
        with pytest.raises(InvalidRate):
            limits_of([1.0, float("nan")])

    def test_limits_can_be_shared(self):
        assert Limits(0, 5).applied_to([9]).tolist() == [5.0]
