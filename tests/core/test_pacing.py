"""Pacing: follows the plan's curve, catches up and holds back, and never spends past the total."""

from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_core.errors import InvalidAmount, InvalidRate, InvalidWindow
from launchopt_core.pacing import SpendPlan, next_throttle, pace, spend_allowed

START = datetime(2026, 5, 4)
HOUR = timedelta(hours=1)
PERIOD = timedelta(minutes=5)
amounts = st.lists(st.integers(0, 10_000).map(lambda cents: Decimal(cents) / 100), max_size=30)


def plan_of(values) -> SpendPlan:
    return SpendPlan.of((START + number * HOUR, value) for number, value in enumerate(values))


class TestSpendPlan:
    @given(amounts)
    def test_begins_at_nothing_and_ends_at_the_total(self, values):
        plan = plan_of(values)
        assert plan.target_at(START) == 0
        assert plan.target_at(START + len(values) * HOUR) == plan.total == sum(values)
        assert plan.cumulative()[-1:] == ([plan.total] if values else [])

    @given(values=amounts, minutes=st.lists(st.integers(-60, 2000), min_size=2, max_size=20))
    def test_only_ever_rises(self, values, minutes):
        plan = plan_of(values)
        targets = [plan.target_at(START + timedelta(minutes=minute)) for minute in sorted(minutes)]
        assert targets == sorted(targets)

    def test_adds_amounts_of_one_hour(self):
        plan = SpendPlan.of([(START + HOUR, Decimal(1)), (START, Decimal(2)), (START, Decimal(3))])
        assert plan.amounts == (Decimal(5), Decimal(1))

    def test_refuses_negative_money(self):
        with pytest.raises(InvalidAmount):
            plan_of([Decimal(-1)])

    def test_refuses_hours_out_of_order(self):
        with pytest.raises(InvalidWindow):
            SpendPlan((START + HOUR, START), (Decimal(1), Decimal(1)))


class TestSpendAllowed:
    @given(
        values=amounts,
        cents=st.integers(0, 500_000),
        minutes=st.integers(-60, 3000),
        lead=st.integers(0, 120),
    )
    def test_never_goes_past_the_total(self, values, cents, minutes, lead):
        plan, spent = plan_of(values), Decimal(cents) / 100
        now = START + timedelta(minutes=minutes)
        allowed = spend_allowed(plan, spent=spent, now=now, lead=timedelta(minutes=lead))
        assert allowed >= 0
        assert allowed == 0 or spent + allowed <= plan.total

    def test_takes_what_was_overspent_from_what_follows(self):
        plan = plan_of([Decimal(10), Decimal(10)])
        assert spend_allowed(plan, spent=Decimal(15), now=START + HOUR) == 0
        assert spend_allowed(plan, spent=Decimal(15), now=START + 2 * HOUR) == Decimal(5)

    def test_refuses_spend_that_is_no_amount(self):
        with pytest.raises(InvalidAmount):
            spend_allowed(plan_of([Decimal(1)]), spent=Decimal("NaN"), now=START)


class TestNextThrottle:
    def test_closes_when_nothing_is_left(self):
        assert next_throttle(0.7, spent_in_period=Decimal(1), wanted_in_next=Decimal(0)) == 0

    def test_opens_again_after_it_was_closed(self):
        throttle = 0.0
        for _ in range(10):
            throttle = next_throttle(
                throttle, spent_in_period=Decimal(0), wanted_in_next=Decimal(1)
            )
        assert throttle == 1.0

    def test_refuses_a_throttle_outside_its_range(self):
        with pytest.raises(InvalidRate):
            next_throttle(1.5, spent_in_period=Decimal(0), wanted_in_next=Decimal(1))


class TestPace:
    @pytest.mark.parametrize("traffic", [0.5, 1.0, 1.5])
    def test_spends_the_plan_whatever_the_traffic(self, traffic):
        """Three days of eligible moments worth 2.5 times the plan, by half to one and a half."""
        rng = np.random.default_rng(3)
        by_hour = [
            Decimal(str(round(5 + 4 * np.sin(hour / 24 * 2 * np.pi), 2))) for hour in range(72)
        ]
        plan = plan_of(by_hour)
        throttle, spent, last = 1.0, Decimal(0), Decimal(0)
        for tick in range(72 * 12):
            now = START + tick * PERIOD
            throttle, allowed = pace(
                plan, throttle=throttle, spent=spent, spent_in_period=last, now=now, period=PERIOD
            )
            moments = rng.poisson(float(by_hour[tick // 12]) * 2.5 * traffic / 12 / 0.02)
            wished = Decimal(int(rng.binomial(moments, throttle))) * Decimal("0.02")
            last = min(wished, allowed)
            spent += last
        assert spent <= plan.total
        assert spent >= plan.total * Decimal("0.95")

    def test_refuses_a_period_of_nothing(self):
        with pytest.raises(InvalidWindow):
            pace(
                plan_of([Decimal(1)]),
                throttle=1.0,
                spent=Decimal(0),
                spent_in_period=Decimal(0),
                now=START,
                period=timedelta(0),
            )
