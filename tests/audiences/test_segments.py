"""Personas and segments over REST and in the admin, and what they say where nothing is known."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from launchopt.audiences.models import Customer, Persona, Segment
from launchopt.audiences.personas import name_of

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TERMS = [
    {"name": "Kitchen", "kind": "category", "weight": 1.0},
    {"name": "kettle", "kind": "term", "weight": 0.75},
    {"name": "<b>tea</b>", "kind": "term", "weight": 0.25},
]

pytestmark = pytest.mark.django_db


@pytest.fixture
def segment(db):
    return Segment.objects.create(
        name="Kitchen: kettle",
        terms=TERMS,
        size=2,
        price_bands={"low": 0.25, "high": 0.75},
        classes={"recency": 3.5, "frequency": 2.0, "monetary": 4.0},
        active_hours=[0.0] * 20 + [1.0] + [0.0] * 3,
        centre=[0.5],
        space="words",
        found_at=NOW,
        as_of=NOW,
    )


@pytest.fixture
def anna(segment):
    customer = Customer.objects.create(
        external_id="anna", interests="kettle", created_at=NOW, updated_at=NOW
    )
    Persona.objects.create(
        customer=customer,
        segment=segment,
        confidence=0.83,
        interests=TERMS,
        price_band="high",
        recency=5,
        frequency=4,
        monetary=4,
        as_of=NOW,
    )
    segment.examples = [customer.pk, 999_999]
    segment.save()
    return customer


def words_of(admin_client, row):
    name = f"admin:launchopt_audiences_{row._meta.model_name}_change"
    return admin_client.get(reverse(name, args=[row.pk])).content.decode()


class TestApi:
    def test_lists_kinds_of_shoppers(self, client_of, segment):
        (row,) = client_of("analyst").get("/api/v1/personas/").json()["results"]
        assert (row["id"], row["size"]) == (str(segment.pk), 2)
        assert row["terms"] == TERMS
        assert row["price_bands"] == {"low": 0.25, "high": 0.75}

    def test_tells_a_customers_persona_and_how_sure_it_is(self, client_of, anna, segment):
        row = client_of("analyst").get("/api/v1/customers/anna/persona/").json()
        assert row["segment"] == {"id": str(segment.pk), "name": "Kitchen: kettle"}
        assert (row["confidence"], row["is_declared"]) == (0.83, False)
        assert (row["age_band"], row["gender"]) == ("", "")

    def test_of_whom_nothing_is_built_says_so(self, client_of, db):
        Customer.objects.create(external_id="ben", created_at=NOW, updated_at=NOW)
        answer = client_of("analyst").get("/api/v1/customers/ben/persona/")
        assert answer.status_code == 404
        assert "built every night" in answer.json()["detail"]

    def test_a_customer_may_declare_interests(self, client_of, anna):
        client = client_of("integration")
        answer = client.patch(
            "/api/v1/customers/anna/", {"interests": "Garden, tea"}, format="json"
        )
        assert answer.json()["interests"] == "Garden, tea"
        anna.refresh_from_db()
        assert anna.interests == "Garden, tea"


class TestAdmin:
    def test_shows_a_segment_in_words_and_pictures(self, admin_client, anna, segment):
        words = words_of(admin_client, segment)
        for told in ("kettle", "75% of customers", "bought lately", "3.5 of 5", "anna</a> — 83%"):
            assert told in words
        assert words.count('class="chart"') == 4
        assert "<b>tea</b>" not in words

    def test_shows_a_persona_with_where_it_comes_from(self, admin_client, anna):
        words = words_of(admin_client, anna.persona)
        assert "83% sure, from behaviour" in words
        assert "champion (recency 5, frequency 4, money 4 of 5)" in words
        Persona.objects.update(is_declared=True, confidence=1)
        assert "by the interests that the customer declared" in words_of(admin_client, anna.persona)

    def test_says_why_there_is_no_segment(self, admin_client, anna):
        page = reverse("admin:launchopt_audiences_segment_changelist")
        assert "No segment has been found" not in admin_client.get(page).content.decode()
        Segment.objects.all().delete()
        assert "No segment has been found" in admin_client.get(page).content.decode()
        assert "too little is known" in words_of(admin_client, Persona.objects.get())

    def test_says_of_a_customer_which_kind_it_is(self, admin_client, anna):
        assert "Kitchen: kettle</a> — 83% sure" in words_of(admin_client, anna)


class TestNameOf:
    def test_leads_with_the_category(self):
        assert name_of(TERMS[:2]) == "Kitchen: kettle"

    def test_without_terms_it_is_everything_else(self):
        assert name_of([]) == "Everything else"
