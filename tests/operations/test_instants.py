"""Instants written as text: their own zone, the mapping's, or a fault by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt.operations.importing import instants
from launchopt.operations.importing.instants import parse_instants

TEN = datetime(2026, 3, 1, 10, tzinfo=UTC)


def parsed(text: str | None, **options: str) -> tuple[datetime | None, str | None]:
    at, fault = parse_instants(pl.Series([text], dtype=pl.String), **options)  # type: ignore[arg-type]
    return at[0], fault[0]


class TestParseInstants:
    @pytest.mark.parametrize(
        "text",
        [
            "2026-03-01T10:00:00Z",
            "2026-03-01T10:00:00z",
            "2026-03-01 10:00:00+00:00",
            "2026-03-01T11:00:00+01:00",
            "2026-03-01T11:00:00+0100",
            "2026-03-01T11:00:00+01",
            "2026-03-01T11:00+01:00",
            "2026-03-01T10:00:00.000000Z",
            " 2026-03-01t10:00Z ",
        ],
    )
    def test_reads_iso_with_a_zone_and_needs_no_other(self, text):
        assert parsed(text) == (TEN, None)
        assert parsed(text, zone="Asia/Tokyo") == (TEN, None)

    @pytest.mark.parametrize(
        ("text", "zone", "hour"),
        [
            ("2026-03-01 10:00", "Europe/London", 10),
            ("2026-07-01 10:00:00", "Europe/London", 9),
            ("2026-07-01", "Europe/Madrid", 22),
            ("2026-10-25 01:30", "Europe/London", 0),  # twice that night; the first counts
        ],
    )
    def test_reads_local_time_in_the_zone_that_is_given(self, text, zone, hour):
        at, fault = parsed(text, zone=zone)
        assert at is not None
        assert (at.hour, fault) == (hour, None)

    @pytest.mark.parametrize(
        ("text", "zone", "fault"),
        [
            ("2026-03-01 10:00", None, instants.NO_ZONE),
            ("2026-03-29 01:30", "Europe/London", instants.NO_SUCH_HOUR),
            ("2026-02-30T10:00:00Z", None, instants.NO_INSTANT),
            ("soon", "UTC", instants.NO_INSTANT),
            ("1969-12-31T23:59:59Z", None, instants.OUT_OF_RANGE),
            ("2200-01-01T00:00:00Z", None, instants.OUT_OF_RANGE),
        ],
    )
    def test_names_what_is_wrong(self, text, zone, fault):
        assert parsed(text, **({"zone": zone} if zone else {})) == (None, fault)

    def test_nothing_is_nothing(self):
        assert parsed(None) == (None, None)

    @given(
        st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30)),
        st.integers(-12 * 60, 14 * 60),
    )
    def test_gives_back_every_instant_that_python_writes(self, local, minutes):
        at = local.replace(tzinfo=timezone(timedelta(minutes=minutes)))
        assert parsed(at.isoformat()) == (at.astimezone(UTC), None)
