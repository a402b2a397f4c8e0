"""Delivery: the first reason for silence wins, caps hold in any window, nights stay quiet."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launchopt_core.delivery import (
    BestHours,
    Reason,
    Situation,
    contacts_in_window,
    has_room,
    is_quiet,
    next_allowed,
    sending_time,
    verdict_on,
)
from launchopt_core.errors import InvalidRate, InvalidWindow, UnknownTimeZone

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
READY = Situation(has_consent=True, variant="treatment")
SILENCES = [
    ("has_launch", False, Reason.NO_LAUNCH),
    ("is_paused", True, Reason.PAUSED),
    ("is_in_audience", False, Reason.NOT_IN_AUDIENCE),
    ("has_consent", False, Reason.NO_CONSENT),
    ("is_holdout", True, Reason.HOLDOUT),
    ("has_room_under_cap", False, Reason.CAPPED),
    ("is_suppressed", True, Reason.SUPPRESSED),
    ("has_budget", False, Reason.NO_BUDGET),
    ("is_worth_it", False, Reason.NOT_WORTH_IT),
    ("has_creative", False, Reason.NO_CREATIVE),
]
situations = st.builds(
    Situation,
    **{name: st.booleans() for name, _, _ in SILENCES},
    variant=st.sampled_from([None, "treatment"]),
)
zones = st.sampled_from(sorted(available_timezones()))
instants = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


class TestVerdictOn:
    def test_shows_when_nothing_speaks_against_it(self):
        verdict = verdict_on(READY)
        assert verdict.is_shown
        assert (verdict.reason, verdict.variant) == (Reason.SHOWN, "treatment")

    @pytest.mark.parametrize(("field", "value", "reason"), SILENCES)
    def test_every_silence_has_its_reason(self, field, value, reason):
        assert verdict_on(replace(READY, **{field: value})).reason is reason

    @given(situation=situations)
    def test_the_first_reason_in_the_order_wins(self, situation):
        applying = [r for field, value, r in SILENCES if getattr(situation, field) is value]
        assert verdict_on(situation).reason is (applying[0] if applying else Reason.SHOWN)

    @given(situation=situations)
    def test_a_held_out_customer_is_counted_as_such_whatever_the_reason(self, situation):
        verdict = verdict_on(replace(situation, is_holdout=True))
        assert verdict.variant == "holdout"
        assert not verdict.is_shown

    @given(situation=situations)
    def test_nothing_is_shown_without_consent(self, situation):
        assert not verdict_on(replace(situation, has_consent=False)).is_shown

    def test_consent_is_missing_unless_given(self):
        assert verdict_on(Situation()).reason is Reason.NO_CONSENT


class TestCaps:
    def test_a_contact_a_window_ago_no_longer_counts(self):
        times = [NOON, NOON - HOUR, NOON - 24 * HOUR, NOON + HOUR]
        assert contacts_in_window(times, NOON, 24 * HOUR) == 2

    @settings(max_examples=200)
    @given(
        minutes=st.lists(st.integers(0, 600), max_size=40),
        cap=st.integers(0, 4),
        window=st.integers(1, 200),
    )
    def test_no_rolling_window_ever_holds_more_than_the_cap(self, minutes, cap, window):
        length = timedelta(minutes=window)
        kept: list[datetime] = []
        for minute in minutes:  # in any order, as late decisions come
            now = NOON + timedelta(minutes=minute)
            if has_room(kept, now, length, cap):
                kept.append(now)
        assert all(sum(t <= other < t + length for other in kept) <= cap for t in kept)

    def test_a_cap_of_zero_lets_nothing_through(self):
        assert not has_room([], NOON, HOUR, cap=0)

    def test_refuses_a_window_of_nothing(self):
        with pytest.raises(InvalidWindow):
            has_room([], NOON, timedelta(0), cap=1)

    def test_refuses_a_cap_below_nothing(self):
        with pytest.raises(InvalidRate):
            has_room([], NOON, HOUR, cap=-1)


class TestQuietHours:
    @settings(max_examples=300)
    @given(now=instants, zone=zones)
    def test_is_night_by_the_customers_own_clock(self, now, zone):
        local = now.astimezone(ZoneInfo(zone))
        assert is_quiet(now, zone) == (local.hour >= 21 or local.hour < 8)

    @settings(max_examples=300, deadline=None)
    @given(now=instants, zone=zones)
    def test_a_held_message_gets_the_first_time_that_is_not_quiet(self, now, zone):
        then = next_allowed(now, zone)
        assert then is not None
        assert not is_quiet(then, zone)
        assert then == now or is_quiet(max(now, then - timedelta(minutes=15)), zone)

    def test_holds_the_message_where_the_zone_is_unknown(self):
        assert is_quiet(NOON, None)
        assert next_allowed(NOON, None) is None

    def test_reads_quiet_hours_within_a_day_too(self):
        siesta = {"quiet_from": time(13), "quiet_until": time(16)}
        assert is_quiet(NOON + 2 * HOUR, "UTC", **siesta)
        assert not is_quiet(NOON + 9 * HOUR, "UTC", **siesta)

    def test_refuses_a_zone_that_does_not_exist(self):
        with pytest.raises(UnknownTimeZone):
            is_quiet(NOON, "Mars/Olympus")

    def test_refuses_an_instant_without_a_zone(self):
        with pytest.raises(InvalidWindow):
            is_quiet(NOON.replace(tzinfo=None), "UTC")


class TestBestHour:
    hours = st.builds(BestHours, st.integers(0, 23), st.integers(0, 23))

    @settings(max_examples=300, deadline=None)
    @given(now=instants, zone=zones, best=hours, ahead=st.integers(0, 60))
    def test_waits_for_the_best_hour_or_goes_as_soon_as_it_is_not_quiet(
        self, now, zone, best, ahead
    ):
        until = now + ahead * HOUR
        then = sending_time(now, zone, best=best, until=until)
        assert then is not None
        assert then >= now
        assert not is_quiet(then, zone)
        in_its_hour = best.holds(then.astimezone(ZoneInfo(zone)))
        assert in_its_hour or then == next_allowed(now, zone)
        if in_its_hour and then != now:
            assert then < max(until, next_allowed(now, zone) + timedelta(minutes=1))

    @settings(max_examples=200, deadline=None)
    @given(now=instants, zone=zones, hour=st.integers(8, 20))
    def test_an_hour_that_comes_every_day_is_never_more_than_a_day_away(self, now, zone, hour):
        """Even where the clock is changed, for no zone moves it by more than an hour or two; and a
        zone that left out a day, or the hour itself, has it again on the next."""
        best = BestHours(hour, hour)
        then = sending_time(now, zone, best=best, until=now + 50 * HOUR)
        assert best.holds(then.astimezone(ZoneInfo(zone)))
        assert then - now <= 49 * HOUR

    @settings(max_examples=200, deadline=None)
    @given(zone=zones, hour=st.integers(8, 20), day=st.integers(0, 1400))
    def test_of_a_week_no_day_goes_by_without_it(self, zone, hour, day):
        """Asked again after each, it comes seven times a week, over every change of the clock."""
        start = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day)
        best, at, times = BestHours(hour, hour), start, 0
        while at < start + 7 * 24 * HOUR:
            at = sending_time(at, zone, best=best, until=at + 50 * HOUR) + HOUR
            times += 1
        assert 7 <= times <= 9

    def test_is_another_at_weekends(self):
        friday = datetime(2026, 5, 8, 20, 30, tzinfo=UTC)
        best = BestHours(weekday=19, weekend=10)
        then = sending_time(friday, "UTC", best=best, until=friday + 48 * HOUR)
        assert then == datetime(2026, 5, 9, 10, tzinfo=UTC)

    def test_one_in_the_night_is_none(self):
        best = BestHours(3, 3)
        assert sending_time(NOON, "UTC", best=best, until=NOON + 48 * HOUR) == NOON

    def test_a_message_whose_hour_has_passed_goes_before_the_launch_ends(self):
        best = BestHours(9, 9)
        assert sending_time(NOON, "UTC", best=best, until=NOON + 6 * HOUR) == NOON
        assert sending_time(NOON, "UTC", best=best, until=NOON + 24 * HOUR) == NOON + 21 * HOUR

    def test_where_the_zone_is_unknown_it_is_held(self):
        assert sending_time(NOON, None, best=BestHours(9, 9), until=NOON + HOUR) is None
