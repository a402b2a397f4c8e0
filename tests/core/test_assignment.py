"""Assignment by hash: the same every time, uniform, and independent of other draws."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from launchopt_core.assignment import bucket_of, choose_variant, is_holdout
from launchopt_core.errors import InvalidRate, NoPositiveWeight

CUSTOMERS = [f"customer-{number}" for number in range(20_000)]


class TestBucketOf:
    @given(unit=st.text(), salt=st.text())
    def test_lies_between_zero_and_one_and_stays(self, unit, salt):
        assert 0 <= bucket_of(unit, salt) < 1
        assert bucket_of(unit, salt) == bucket_of(unit, salt)

    def test_is_uniform_over_customers(self):
        buckets = [bucket_of(customer, "launch") for customer in CUSTOMERS]
        assert stats.kstest(buckets, "uniform").pvalue > 0.001

    def test_another_salt_is_another_draw(self):
        first = [bucket_of(customer, "one") for customer in CUSTOMERS]
        second = [bucket_of(customer, "two") for customer in CUSTOMERS]
        assert abs(stats.pearsonr(first, second).statistic) < 0.03

    def test_salt_and_unit_never_run_together(self):
        assert bucket_of("b:c", "a") != bucket_of("c", "a:b")


class TestChooseVariant:
    def test_refuses_weights_that_leave_nowhere_to_go(self):
        with pytest.raises(NoPositiveWeight, match="positive weight"):
            choose_variant(0.5, {"control": 0, "treatment": 0})

    @pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
    def test_refuses_weights_that_are_no_shares(self, weight):
        with pytest.raises(NoPositiveWeight):
            choose_variant(0.5, {"control": 1, "treatment": weight})

    @pytest.mark.parametrize("bucket", [-0.1, 1.0])
    def test_refuses_a_bucket_outside_its_range(self, bucket):
        with pytest.raises(InvalidRate):
            choose_variant(bucket, {"control": 1})

    def test_gives_each_variant_its_share(self):
        weights = {"control": 1, "long": 2, "short": 7}
        drawn = Counter(choose_variant(bucket_of(c, "launch"), weights) for c in CUSTOMERS)
        expected = [share * len(CUSTOMERS) / 10 for share in (1, 2, 7)]
        found = [drawn[name] for name in ("control", "long", "short")]
        assert stats.chisquare(found, expected).pvalue > 0.001

    @given(bucket=st.floats(0, 1, exclude_max=True))
    def test_the_order_of_the_names_does_not_matter(self, bucket):
        assert choose_variant(bucket, {"a": 1, "b": 2}) == choose_variant(bucket, {"b": 2, "a": 1})

    @given(bucket=st.floats(0, 1, exclude_max=True))
    def test_nobody_gets_a_variant_without_weight(self, bucket):
        assert choose_variant(bucket, {"a": 0.1, "b": 0, "c": 0.7, "z": 0}) in {"a", "c"}


class TestIsHoldout:
    def test_holds_out_its_share(self):
        held = sum(is_holdout(customer, "launch", 0.1) for customer in CUSTOMERS)
        assert stats.binomtest(held, len(CUSTOMERS), 0.1).pvalue > 0.001

    def test_says_nothing_about_the_variant(self):
        held = [c for c in CUSTOMERS if is_holdout(c, "launch", 0.1)]
        control = sum(choose_variant(bucket_of(c, "launch"), {"a": 1, "b": 1}) == "a" for c in held)
        assert stats.binomtest(control, len(held), 0.5).pvalue > 0.001

    def test_a_larger_share_keeps_those_already_held_out(self):
        held = {c for c in CUSTOMERS if is_holdout(c, "launch", 0.1)}
        assert held <= {c for c in CUSTOMERS if is_holdout(c, "launch", 0.2)}

    @pytest.mark.parametrize("share", [-0.1, 1.1])
    def test_refuses_a_share_outside_its_range(self, share):
        with pytest.raises(InvalidRate):
            is_holdout("customer", "launch", share)
