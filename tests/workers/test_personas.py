"""Personas from the database, for every customer known before an instant."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

from launchopt.audiences.models import Persona, Segment
from launchopt.audiences.services import record_events, save_customers
from launchopt.catalog.services import save_products
from tests.support.tastes import AS_OF, store_tastes
from tests.support.tastes import NOW as TASTES_NOW

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
        assert build(capsys) == {"customers": 2, "written": 2, "segments": 0}
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
    assert build(capsys) == {"customers": 0, "written": 0, "segments": 0}


class TestSegments:
    def test_are_kept_and_found_again(self, capsys):
        store_tastes()
        first = build_as_of(capsys, days=0)
        segments = {segment.pk: segment.size for segment in Segment.objects.all()}
        assert first["segments"] == len(segments) == 3
        assert sum(segments.values()) == Persona.objects.exclude(segment=None).count() == 240
        before = dict(Persona.objects.values_list("customer", "segment"))
        assert build_as_of(capsys, days=20)["segments"] == 3
        after = dict(Persona.objects.values_list("customer", "segment"))
        assert set(Segment.objects.values_list("pk", flat=True)) == set(segments)
        assert sum(before[pk] == segment for pk, segment in after.items()) > 235

    def test_what_a_customer_declares_decides(self, capsys):
        store_tastes()
        save_customers([{"external_id": "C000", "interests": "kitchen"}], now=TASTES_NOW)
        build_as_of(capsys, days=0)
        people = personas()
        assert people["C000"].segment == people["C001"].segment
        assert people["C000"].confidence == 1
        assert people["C000"].is_declared
        assert not people["C001"].is_declared


def build_as_of(capsys, *, days):
    instant = AS_OF + timedelta(days=days)
    call_command("build_personas", "--as-of", instant.isoformat(), "--json")
    return json.loads(capsys.readouterr().out)
