"""A plan that goes on with other money: to the cent, with the past and pins kept where they can."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_core.budget import continued
from launchopt_core.errors import InvalidAmount

MONEY = st.integers(0, 10_000).map(lambda cents: Decimal(cents) / 100)
HOURS = st.lists(MONEY, max_size=6)


def on(money: list[Decimal], *, since: int) -> dict[int, Decimal]:
    return dict(enumerate(money, start=since))


class TestContinued:
    @given(past=HOURS, ahead=st.lists(MONEY, min_size=1, max_size=6), total=MONEY)
    def test_sums_to_the_total_and_nothing_is_negative(self, past, ahead, total):
        before, after = continued(
            on(past, since=0), on(ahead, since=9), total=total, currency="GBP", pinned=[9, 11]
        )
        hours = [*before.values(), *after.values()]
        assert all(amount >= 0 for amount in hours)
        assert sum(hours) <= total
        assert sum(hours) == total or not set(after) - {9, 11}

    @given(past=HOURS, ahead=HOURS, more=MONEY)
    def test_the_past_stays_where_the_money_reaches(self, past, ahead, more):
        before, _ = continued(
            on(past, since=0),
            on(ahead, since=9),
            total=sum(past, Decimal(0)) + more,
            currency="GBP",
        )
        assert before == on(past, since=0)

    def test_a_pin_stays_and_the_others_share_the_rest(self):
        wanted = {1: Decimal(5), 2: Decimal(1), 3: Decimal(3)}
        _, after = continued({}, wanted, total=Decimal(25), currency="GBP", pinned=[1])
        assert after == {1: Decimal(5), 2: Decimal(5), 3: Decimal(15)}

    def test_hours_that_wanted_nothing_leave_it_to_the_first(self):
        _, after = continued({}, {1: Decimal(0), 2: Decimal(0)}, total=Decimal(2), currency="GBP")
        assert after == {1: Decimal(2), 2: Decimal(0)}

    def test_a_total_below_nothing_is_refused(self):
        with pytest.raises(InvalidAmount, match="0 or more"):
            continued({}, {}, total=Decimal(-1), currency="GBP")
