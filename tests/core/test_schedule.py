"""The schedule follows the hours in which customers are active, in their own time zones."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_core.errors import InvalidRate, InvalidWindow, UnknownTimeZone
from launchopt_core.estimates import Source
from launchopt_core.schedule import (
    active_hours,
    allocate_over_window,
    day_curve,
    hours_between,
    profile_of,
)

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def only_at(hour: int, events: int = 10_000_000) -> list[int]:
    return [events if number == hour else 0 for number in range(24)]


class TestProfileOf:
    def test_without_events_it_is_the_assumed_day_and_says_so(self):
        profile = profile_of([0] * 24)
        assert profile.source is Source.PRIOR
        assert "assumed" in profile.detail
        assert np.allclose(profile.by_hour_of_day(), day_curve())

    def test_moves_to_the_events_as_they_come(self):
        at_noon = [profile_of(only_at(3, n)).by_hour_of_day()[3] for n in (0, 100, 10_000)]
        assert at_noon == sorted(at_noon)
        assert at_noon[-1] > 0.97
        assert profile_of(only_at(3, 10_000)).source is Source.MEASURED

    def test_keeps_the_days_of_a_week_apart(self):
        counts = [0] * 168
        counts[5 * 24 + 10] = 1_000_000
        profile = profile_of(counts)
        assert profile.share_at(datetime(2026, 3, 7, 10, 59)) > 0.99
        assert profile.share_at(datetime(2026, 3, 6, 10, 0)) < 0.01

    @given(st.lists(st.integers(0, 10**6), min_size=24, max_size=24))
    def test_sums_to_one(self, counts):
        assert sum(profile_of(counts).shares) == pytest.approx(1)

    @pytest.mark.parametrize("counts", [[1] * 23, [-1] * 24, [float("nan")] * 24])
    def test_refuses_counts_that_are_none(self, counts):
        with pytest.raises(InvalidRate):
            profile_of(counts)


class TestAllocateOverWindow:
    def test_lays_local_hours_over_the_clock_of_each_zone(self):
        at_nine = profile_of(only_at(9))
        zones = {"Europe/London": 3, "Asia/Shanghai": 1}
        hours = allocate_over_window(at_nine, zones, MONDAY, MONDAY + DAY)
        shares = {hour.start.hour: hour.share for hour in hours}
        assert shares[9] == pytest.approx(0.75, abs=0.001)  # nine in London
        assert shares[1] == pytest.approx(0.25, abs=0.001)  # nine in Shanghai

    def test_heeds_summer_time(self):
        summer = MONDAY.replace(month=7)
        at_nine = profile_of(only_at(9))
        hours = allocate_over_window(at_nine, {"Europe/London": 1}, summer, summer + DAY)
        assert max(hours, key=lambda hour: hour.share).start.hour == 8

    @given(
        minutes=st.integers(0, 60 * 24 * 400),
        length=st.integers(1, 60 * 24 * 20),
        zone=st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia"]),
    )
    def test_shares_sum_to_one_over_any_window(self, minutes, length, zone):
        start = MONDAY + timedelta(minutes=minutes)
        end = start + timedelta(minutes=length)
        hours = allocate_over_window(profile_of([0] * 24), {zone: 1}, start, end)
        assert sum(hour.share for hour in hours) == pytest.approx(1)
        assert hours[0].start <= start < hours[0].start + timedelta(hours=1)
        assert hours[-1].start < end <= hours[-1].start + timedelta(hours=1)

    def test_an_hour_counts_by_its_part_in_the_window(self):
        flat = profile_of([1_000_000_000] * 24)
        start, end = MONDAY + timedelta(minutes=45), MONDAY + timedelta(hours=2)
        shares = [hour.share for hour in allocate_over_window(flat, {"UTC": 1}, start, end)]
        assert shares == pytest.approx([0.2, 0.8], abs=1e-6)

    def test_refuses_an_end_before_the_start(self):
        with pytest.raises(InvalidWindow, match="before it starts"):
            hours_between(MONDAY, MONDAY)

    def test_refuses_instants_without_a_zone(self):
        with pytest.raises(InvalidWindow, match="time zone"):
            hours_between(MONDAY.replace(tzinfo=None), MONDAY)

    @pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd"])
    def test_refuses_a_zone_that_does_not_exist(self, zone):
        with pytest.raises(UnknownTimeZone):
            allocate_over_window(profile_of([0] * 24), {zone: 1}, MONDAY, MONDAY + DAY)

    def test_refuses_a_launch_for_nobody(self):
        with pytest.raises(InvalidRate, match="at least one customer"):
            allocate_over_window(profile_of([0] * 24), {}, MONDAY, MONDAY + DAY)


class TestActiveHours:
    def test_names_the_hours_that_hold_the_activity(self):
        counts = [0] * 24
        counts[7], counts[22] = 6_000_000, 4_000_000
        assert active_hours(profile_of(counts), share=0.9) == [7, 22]
        assert active_hours(profile_of(counts), share=0.5) == [7]
