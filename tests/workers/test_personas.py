"""Personas from the database, for every customer known before an instant."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

from launchopt.audiences.models import Persona
from launchopt.audiences.services import record_events, save_customers
from launchopt.catalog.services import save_products

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> None:
    rows = [
        {"sku": "CUP", "title": "Red tea cup", "price": "2", "category": "Kitchen"},
        {"sku": "TENT", "title": "Camping tent", "price": "90", "category": "Outdoor"},
        {"sku": "ROPE", "title": "Rope", "price": "9", "category": "Outdoor"},
    ]
    save_products(rows, now=NOW)
    joined = (NOW - timedelta(days=30)).isoformat()
    anna = {"external_id": "anna", "gender": "f", "birth_year": "1990"}
    save_customers(
        [
            {**anna, "time_zone": "Asia/Shanghai", "joined_at": joined},
            {"external_id": "ben", "joined_at": joined},
        ],
        now=NOW,
    )
    buy("anna", "TENT", at=NOW - timedelta(days=1))


def buy(customer, sku, *, at):
    event = {"customer": customer, "sku": sku, "kind": "purchase", "price": "90"}
    event |= {"occurred_at": at.isoformat()}
    assert record_events([event], received_at=at, source="test").accepted == 1


def build(capsys):
    call_command("build_personas", "--as-of", NOW.isoformat(), "--json")
    return json.loads(capsys.readouterr().out)


def personas():
    return {persona.customer.external_id: persona for persona in Persona.objects.all()}


@pytest.mark.usefixtures("shop")
class TestBuildPersonas:
    def test_tells_what_was_declared_and_done(self, capsys):
        assert build(capsys) == {"customers": 2, "written": 2}
        anna = personas()["anna"]
        assert (anna.age_band, anna.gender, anna.price_band) == ("35-44", "female", "high")
        assert [i["name"] for i in anna.interests] == ["Outdoor", "camping", "tent"]
        assert anna.active_hours[20] == 1  # noon in UTC
        assert anna.as_of == NOW

    def test_who_declared_and_did_nothing_is_told_so(self, capsys):
        build(capsys)
        ben = personas()["ben"]
        assert (ben.age_band, ben.gender, ben.price_band, ben.interests) == ("", "", "", [])
        assert (ben.recency, ben.frequency, ben.monetary, ben.active_hours) == (0, 0, 0, [])

    def test_nothing_after_the_instant_matters(self, capsys):
        build(capsys)
        before = personas()
        buy("ben", "CUP", at=NOW)
        buy("cleo", "CUP", at=NOW + timedelta(days=1))
        build(capsys)
        after = personas()
        assert set(after) == set(before)
        assert after["ben"].interests == []


def test_an_empty_shop_has_none(capsys):
    assert build(capsys) == {"customers": 0, "written": 0}
