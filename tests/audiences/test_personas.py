"""Personas are written in one statement, and an older one never replaces a newer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from launchopt.audiences.models import Customer, Persona
from launchopt.audiences.personas import save_personas
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
