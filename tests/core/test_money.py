"""Money: decimals of a currency, and splits that lose nothing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_core.errors import InvalidAmount, NoPositiveWeight, UnknownCurrency
from launchopt_core.money import decimals_of, minor_unit, quantise, split, split_whole, to_minor

weights_with_a_positive = st.lists(
    st.floats(0, 1e9, allow_nan=False, allow_infinity=False), min_size=1, max_size=40
).filter(lambda weights: max(weights) > 0)


class TestQuantise:
    @pytest.mark.parametrize(
        ("currency", "decimals"), [("GBP", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("eur", 2)]
    )
    def test_knows_the_decimals_of_a_currency(self, currency, decimals):
        assert decimals_of(currency) == decimals

    def test_rounds_to_the_currencys_own_decimals(self):
        assert quantise(Decimal("12.345"), "GBP") == Decimal("12.34")
        assert str(quantise(Decimal("12"), "KWD")) == "12.000"
        assert str(quantise(Decimal("1e15"), "KWD")) == "1000000000000000.000"

    @pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
    def test_refuses_what_is_no_amount(self, amount):
        with pytest.raises(InvalidAmount):
            quantise(Decimal(amount), "GBP")

    @pytest.mark.parametrize("currency", ["", "POUND", "G1P", "£££"])
    def test_refuses_what_is_no_currency(self, currency):
        with pytest.raises(UnknownCurrency, match="three letters"):
            minor_unit(currency)


class TestToMinor:
    def test_refuses_an_amount_with_finer_decimals(self):
        with pytest.raises(InvalidAmount, match="more decimals"):
            to_minor(Decimal("1.5"), "JPY")


class TestSplit:
    @given(
        cents=st.integers(0, 10**15),
        weights=weights_with_a_positive,
        currency=st.sampled_from(["GBP", "JPY", "KWD"]),
    )
    def test_sums_to_the_total_exactly(self, cents, weights, currency):
        total = cents * minor_unit(currency)
        parts = split(total, weights, currency)
        assert sum(parts) == total
        assert all(part >= 0 for part in parts)

    @given(total=st.integers(0, 10**6), weights=weights_with_a_positive)
    def test_no_part_is_a_cent_or_more_off_its_share(self, total, weights):
        parts = split_whole(total, weights)
        shares = [total * weight / sum(weights) for weight in weights]
        assert all(abs(part - share) < 1 + 1e-6 for part, share in zip(parts, shares, strict=True))

    @given(weights=weights_with_a_positive, total=st.integers(1, 1000))
    def test_gives_nothing_to_a_weight_of_zero(self, weights, total):
        parts = split_whole(total, [0.0, *weights])
        assert parts[0] == 0

    def test_the_first_of_equals_gets_the_cent_left_over(self):
        assert split(Decimal("0.01"), [1, 1], "GBP") == [Decimal("0.01"), Decimal("0.00")]

    def test_splits_nothing_over_nobody(self):
        assert split(Decimal("0"), [], "GBP") == []

    @pytest.mark.parametrize("total", ["-0.01", "NaN", "Infinity"])
    def test_refuses_a_total_that_is_no_amount(self, total):
        with pytest.raises(InvalidAmount, match="cannot be split"):
            split(Decimal(total), [1], "GBP")

    @pytest.mark.parametrize("weights", [[], [0, 0], [-1, 2], [float("nan")], [float("inf")]])
    def test_refuses_weights_that_leave_nowhere_to_go(self, weights):
        with pytest.raises(NoPositiveWeight):
            split(Decimal("1.00"), weights, "GBP")
