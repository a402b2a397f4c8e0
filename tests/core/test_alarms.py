"""Alarms: rung by what chance does not explain, at rest again only when it is over."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_core.alarms import (
    Rate,
    State,
    above,
    fallen,
    overspent,
    short_of_forecast,
    silent,
    underspent,
    usual_between,
)
from launchopt_core.errors import InvalidRate
from launchopt_core.forecast import Expected

BEFORE = Rate(500, 10_000)
MONDAY = datetime(2026, 5, 4, tzinfo=UTC)
money = st.decimals(0, 1000, places=2)


class TestFallen:
    def test_half_the_clicks_of_a_day_ring_and_all_of_them_rest(self):
        assert fallen([Rate(50, 2000)], BEFORE, drop=0.3) is State.RINGS
        assert fallen([Rate(99, 2000)], BEFORE, drop=0.3) is State.RESTS

    def test_a_deep_fall_of_a_few_hours_is_enough(self):
        day = Rate(95, 2000)
        assert fallen([Rate(0, 300), day], BEFORE, drop=0.3) is State.RINGS
        assert fallen([Rate(8, 300), day], BEFORE, drop=0.3) is not State.RINGS

    def test_a_fall_short_of_the_limit_is_none_however_sure(self):
        recent = Rate(36_000, 1_000_000)
        assert fallen([recent], BEFORE, drop=0.3) is not State.RINGS
        assert fallen([recent], BEFORE, drop=0.25) is State.RINGS

    def test_nothing_known_changes_nothing(self):
        assert fallen([Rate(0, 0), Rate(0, 0)], BEFORE, drop=0.3) is State.STAYS

    def test_a_fall_by_chance_does_not_ring(self):
        """Two weeks at 2 % of 30 contacts in five minutes, looked at every half an hour."""
        rng = np.random.default_rng(1)
        assert not _rings(rng.binomial(30, 0.02, 4032))

    def test_a_true_fall_rings_within_a_day_and_rests_within_a_day(self):
        rng = np.random.default_rng(2)
        rates = np.repeat([0.02, 0.008, 0.02], 1440)
        states = _states(rng.binomial(30, rates))
        assert State.RINGS in states[1440 : 1440 + 288]
        assert states[2880 + 288] is State.RESTS

    @given(successes=st.integers(0, 50), trials=st.integers(50, 5000), drop=st.floats(0.05, 0.95))
    def test_never_rings_and_rests_at_once(self, successes, trials, drop):
        one, other = Rate(successes, trials), Rate(trials - 50, trials)
        assert fallen([one, other], BEFORE, drop=drop) in State
        worse = fallen([Rate(max(successes - 5, 0), trials)], BEFORE, drop=drop)
        if fallen([one], BEFORE, drop=drop) is State.RINGS:
            assert worse is State.RINGS

    @pytest.mark.parametrize("drop", [0, 1, -0.2])
    def test_refuses_a_drop_that_is_no_share(self, drop):
        with pytest.raises(InvalidRate):
            fallen([BEFORE], BEFORE, drop=drop)


def _states(clicks):
    """What each look says of the latest 3, 8 and 24 hours, by five minutes, from day two on."""
    summed = np.concatenate([[0], clicks.cumsum()])
    out = []
    for at in range(len(clicks) + 1):
        first = max(at - 288, 0)
        before = Rate(int(summed[min(first, 1440)]), 30 * min(first, 1440))
        recent = [Rate(int(summed[at] - summed[max(at - n, 0)]), 30 * n) for n in (36, 96, 288)]
        out.append(fallen(recent, before, drop=0.3) if before.successes >= 20 else State.STAYS)
    return out


def _rings(clicks):
    return State.RINGS in _states(clicks)[::6]  # every half an hour: the looks are nearly the same


class TestAbove:
    def test_one_complaint_of_few_messages_is_chance(self):
        assert above(Rate(1, 100), limit=0.001) is State.STAYS
        assert above(Rate(3, 400), limit=0.001) is State.RINGS

    def test_rests_at_the_limit(self):
        assert above(Rate(1, 1000), limit=0.001) is State.RESTS
        assert above(Rate(0, 0), limit=0.001) is State.STAYS

    def test_refuses_a_limit_that_is_no_share(self):
        with pytest.raises(InvalidRate):
            above(Rate(1, 2), limit=0)


class TestMoney:
    @given(spent=money, planned=money)
    def test_never_too_much_and_too_little_at_once(self, spent, planned):
        total = Decimal(1000)
        over = overspent(spent, planned, share=0.1, total=total)
        under = underspent(spent, planned, share=0.1, total=total, contact=Decimal(0))
        assert not (over is State.RINGS and under is State.RINGS)
        if spent == planned:
            assert over is under is State.RESTS

    def test_the_first_minutes_are_quiet(self):
        few = overspent(Decimal("0.20"), Decimal("0.05"), share=0.1, total=Decimal(100))
        assert few is not State.RINGS

    def test_the_luck_of_four_dear_contacts_is_none(self):
        dear = underspent(
            Decimal(9), Decimal(12), share=0.2, total=Decimal(100), contact=Decimal(3)
        )
        assert dear is State.STAYS


class TestForecast:
    def test_less_than_launches_differ_by_rings(self):
        forecast = Expected(100.0, 40.0, 200.0)
        assert short_of_forecast(30, forecast, drop=0.3) is State.RINGS
        assert short_of_forecast(50, forecast, drop=0.3) is State.STAYS
        assert short_of_forecast(90, forecast, drop=0.3) is State.RESTS


class TestSilence:
    def test_a_quiet_night_is_usual_and_a_quiet_noon_is_not(self):
        usual = [10.0 if 9 <= hour % 24 < 17 else 0.0 for hour in range(168)]
        night = usual_between(usual, MONDAY, MONDAY + timedelta(hours=9), zone="UTC")
        noon = usual_between(
            usual, MONDAY + timedelta(hours=11), MONDAY + timedelta(hours=13), zone="UTC"
        )
        assert silent(night, minutes=540, limit=60) is State.STAYS
        assert silent(noon, minutes=120, limit=60) is State.RINGS

    def test_follows_the_shop_s_clock_over_the_change_to_summer_time(self):
        usual = [1.0 if hour % 24 == 3 else 0.0 for hour in range(168)]
        sunday = datetime(2026, 3, 29, tzinfo=UTC)  # 01:00 UTC is 03:00 in Berlin, and 02:00 never
        found = usual_between(usual, sunday, sunday + timedelta(hours=3), zone="Europe/Berlin")
        assert found == 1.0

    def test_looks_back_a_week_at_most(self):
        since = MONDAY - timedelta(days=400)
        assert usual_between([1.0] * 168, since, MONDAY, zone="UTC") == 168.0
        assert usual_between([1.0] * 168, MONDAY, MONDAY, zone="UTC") == 0.0

    def test_refuses_a_week_of_another_length(self):
        with pytest.raises(InvalidRate, match="168"):
            usual_between([1.0] * 24, MONDAY, MONDAY, zone="UTC")
