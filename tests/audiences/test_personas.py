"""Personas are written in one statement, and an older one never replaces a newer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from launchopt.audiences.models import Customer, Persona, Segment
from launchopt.audiences.personas import save_personas, save_segments, standing_segments
from launchopt.audiences.services import save_customers

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> int:
    save_customers([{"external_id": "anna"}], now=NOW)
    return Customer.objects.get().pk


def rows(*customer_ids, **changes):
    row = {
        "age_band": "",
        "gender": "",
        "interests": '[{"name": "Kitchen", "kind": "category", "weight": 1.0}]',
        "price_band": "low",
        "recency": 5,
        "frequency": 0,
        "monetary": 1,
        "active_hours": "[0.5, 0.5]",
        "segment_id": None,
        "confidence": 0.5,
        "is_declared": False,
        **changes,
    }
    return pl.DataFrame([{"customer_id": customer_id, **row} for customer_id in customer_ids])


class TestSavePersonas:
    def test_writes_every_field(self, anna):
        assert save_personas(rows(anna, age_band="25-34"), as_of=NOW, now=NOW) == 1
        persona = Persona.objects.get()
        assert (persona.age_band, persona.gender, persona.price_band) == ("25-34", "", "low")
        assert (persona.recency, persona.frequency, persona.monetary) == (5, 0, 1)
        assert persona.interests[0]["name"] == "Kitchen"
        assert persona.active_hours == [0.5, 0.5]
        assert persona.as_of == NOW

    def test_a_later_one_takes_the_place(self, anna):
        save_personas(rows(anna), as_of=NOW, now=NOW)
        save_personas(rows(anna, price_band="high"), as_of=NOW + timedelta(hours=1), now=NOW)
        assert Persona.objects.get().price_band == "high"

    def test_an_older_one_changes_nothing(self, anna):
        save_personas(rows(anna), as_of=NOW, now=NOW)
        older = rows(anna, price_band="high")
        assert save_personas(older, as_of=NOW - timedelta(days=1), now=NOW) == 0
        assert Persona.objects.get().price_band == "low"

    def test_one_of_simulated_time_ahead_gives_way(self, anna):
        save_personas(rows(anna), as_of=NOW + timedelta(days=30), now=NOW)
        assert save_personas(rows(anna, price_band="high"), as_of=NOW, now=NOW) == 1

    def test_a_customer_deleted_meanwhile_is_left_out(self, anna):
        assert save_personas(rows(anna, 999_999), as_of=NOW, now=NOW) == 1


def likeness(*, known_as="", term="lamp", size=3):
    return {
        "known_as": known_as,
        "centre": [0.5, -0.25],
        "terms": [{"name": term, "kind": "term", "weight": 1.0}],
        "size": size,
        "price_bands": {"low": 1.0},
        "classes": {"recency": 3.5},
        "active_hours": [0.5, 0.5],
        "examples": [],
    }


def keep(*rows, as_of=NOW, now=NOW):
    return save_segments(rows, space="words", as_of=as_of, now=now)


class TestSaveSegments:
    def test_a_new_one_is_named_by_its_terms(self):
        (pk,) = keep(likeness())
        assert Segment.objects.get(pk=pk).name == "Lamp"
        assert standing_segments(space="words") == [(str(pk), [0.5, -0.25])]

    def test_one_found_again_keeps_its_id_and_its_name(self):
        (pk,) = keep(likeness())
        later = NOW + timedelta(days=1)
        assert keep(likeness(known_as=str(pk), term="candle"), as_of=later, now=later) == [pk]
        segment = Segment.objects.get()
        assert (segment.name, segment.terms[0]["name"]) == ("Lamp", "candle")
        assert (segment.found_at, segment.as_of) == (NOW, later)

    def test_one_not_found_again_is_retired(self):
        (old,) = keep(likeness())
        keep(likeness(term="rake"))
        assert Segment.objects.get(pk=old).retired_at == NOW
        assert old not in [pk for pk, _ in standing_segments(space="words")]

    def test_a_build_of_the_past_changes_nothing(self):
        (pk,) = keep(likeness())
        past = NOW - timedelta(days=1)
        assert keep(likeness(known_as=str(pk), size=9), likeness(), as_of=past) == [pk, None]
        assert Segment.objects.get().size == 3

    def test_those_of_another_space_are_not_compared(self):
        keep(likeness())
        assert standing_segments(space="another encoder") == []
