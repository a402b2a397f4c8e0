"""Pacing: follows the plan's curve, catches up and holds back, and never spends past the total."""

from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_core.errors import InvalidAmount, InvalidWindow
from launchopt_core.pacing import SpendPlan, money_to_let_out, spend_allowed

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


class TestMoneyToLetOut:
    @pytest.mark.parametrize("traffic", [0.5, 1.0, 1.5])
    def test_spends_the_plan_whatever_the_traffic(self, traffic):
        """Three days of eligible moments worth 2.5 times the plan, by half to one and a half."""
        rng = np.random.default_rng(3)
        by_hour = [
            Decimal(str(round(5 + 4 * np.sin(hour / 24 * 2 * np.pi), 2))) for hour in range(72)
        ]
        plan, costs = plan_of(by_hour), [Decimal(0)] * 72
        for tick in range(72 * 12):
            hour = tick // 12
            allowed = let_out(plan, spent=sum(costs), in_hour=costs[hour], at=tick * PERIOD)
            moments = rng.poisson(float(by_hour[hour]) * 2.5 * traffic / 12 / 0.02)
            costs[hour] += min(int(moments) * Decimal("0.02"), allowed)
        assert plan.total * Decimal("0.95") <= sum(costs) <= plan.total
        assert all(cost <= 2 * planned for cost, planned in zip(costs, by_hour, strict=True))

    def test_catches_up_by_no_more_than_twice_an_hour(self):
        plan = plan_of([Decimal(9), Decimal(1)])
        half = Decimal("1.50")
        assert let_out(plan, spent=Decimal(0), in_hour=Decimal(0), at=HOUR) == 2
        assert let_out(plan, spent=half, in_hour=half, at=HOUR) == Decimal("0.50")

    @pytest.mark.parametrize("planned", ["0.01", "0.00"])
    def test_lets_out_one_contact_in_the_smallest_hour(self, planned):
        plan, dime = plan_of([Decimal(1), Decimal(planned)]), Decimal("0.10")
        assert let_out(plan, spent=Decimal(0), in_hour=Decimal(0), at=HOUR, contact=dime) == dime
        assert let_out(plan, spent=dime, in_hour=dime, at=HOUR, contact=dime) == 0

    def test_counts_hours_from_the_first_planned_one(self):
        plan = plan_of([Decimal(1)])
        assert plan.hour_at(START + HOUR / 2) == (START, Decimal(1))
        assert plan.hour_at(START + 2.5 * HOUR) == (START + 2 * HOUR, Decimal(0))
        assert plan.hour_at(START - HOUR / 2) == (START - HOUR, Decimal(0))

    def test_refuses_a_period_of_nothing(self):
        with pytest.raises(InvalidWindow):
            money_to_let_out(
                plan_of([Decimal(1)]),
                committed=Decimal(0),
                in_hour=Decimal(0),
                now=START,
                period=timedelta(0),
            )


def let_out(plan, *, spent, in_hour, at, contact=Decimal(0)):
    return money_to_let_out(
        plan, committed=spent, in_hour=in_hour, now=START + at, period=PERIOD, contact=contact
    )
