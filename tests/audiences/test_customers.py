"""Customers: saved many at once, joined when a visitor logs in, forgotten when they ask for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from launchopt.audiences.models import (
    Audience,
    AudienceMember,
    Consent,
    Customer,
    Event,
    Persona,
    RejectedEvent,
)
from launchopt.audiences.selectors import customer_named
from launchopt.audiences.services import (
    erase_customer,
    identify_customer,
    record_events,
    save_customers,
    set_consent,
)
from launchopt.audiences.signals import customers_erased, customers_identified
from launchopt.catalog.services import save_products
from launchopt.operations.errors import Conflict, InvalidInput, NotFound
from launchopt.operations.importing.cleaning import REASON
from launchopt.operations.models import AuditEntry

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
pytestmark = pytest.mark.django_db


def save(*rows: dict[str, Any], now: datetime = NOW) -> tuple[int, int, list[str]]:
    outcome = save_customers(list(rows), now=now)
    assert outcome.rejected is not None
    return outcome.accepted, outcome.updated, outcome.rejected[REASON].to_list()


class TestSaveCustomers:
    def test_saves_every_field(self):
        save(
            {
                "external_id": "anna",
                "email": "anna@example.org",
                "phone": "+44 1",
                "gender": "female",
                "birth_year": 1990,
                "country": "Spain",
                "time_zone": "Europe/Madrid",
                "language": "es",
                "joined_at": "2025-01-01T00:00:00+01:00",
                "consent.marketing": "YES",
                "consent.post": 0,
            }
        )
        anna = Customer.objects.get()
        assert (anna.email, anna.birth_year, anna.time_zone) == (
            "anna@example.org",
            1990,
            "Europe/Madrid",
        )
        assert anna.joined_at == datetime(2024, 12, 31, 23, tzinfo=UTC)
        assert dict(anna.consents.values_list("purpose", "is_granted")) == {
            "marketing": True,
            "post": False,
        }

    def test_changes_nothing_the_second_time(self):
        row = {"external_id": "anna", "country": "Spain", "consent.marketing": "yes"}
        assert save(row) == (1, 0, [])
        assert save(row, now=LATER) == (0, 0, [])
        assert Customer.objects.get().updated_at == NOW

    def test_counts_a_changed_customer_as_updated(self):
        save({"external_id": "anna", "country": "Spain"})
        assert save({"external_id": "anna", "country": "France"}, now=LATER) == (1, 1, [])
        assert Customer.objects.get().updated_at == LATER

    def test_counts_a_changed_consent_as_updated(self):
        save({"external_id": "anna", "consent.marketing": "no"})
        assert save({"external_id": "anna", "consent.marketing": "yes"}) == (1, 1, [])

    def test_keeps_what_a_row_leaves_empty(self):
        save({"external_id": "anna", "country": "Spain"})
        assert save({"external_id": "anna", "country": None, "language": "es"}) == (1, 1, [])
        anna = Customer.objects.get()
        assert (anna.country, anna.language) == ("Spain", "es")

    def test_a_file_does_not_undo_an_unsubscribe(self):
        row = {"external_id": "anna", "consent.marketing": "yes"}
        save(row)
        leaving = {"customer": "anna", "kind": "unsubscribe", "occurred_at": "2026-01-01T00:00:00Z"}
        record_events([leaving], received_at=NOW)
        assert save(row, now=LATER) == (0, 0, [])
        assert not Consent.objects.get().is_granted

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"email": "anna"}, "email is no e-mail address"),
            ({"birth_year": 1066}, "birth_year is below 1,900"),
            ({"time_zone": "Mars/Olympus"}, "time_zone is no IANA time zone"),
            ({"consent.marketing": "maybe"}, "consent.marketing is neither yes nor no"),
            ({"joined_at": "2025-01-01"}, "joined_at has no time zone"),
            ({"external_id": " "}, "external_id is missing"),
        ],
    )
    def test_rejects_what_is_wrong(self, changes, reason):
        assert save({"external_id": "anna", **changes}) == (0, 0, [reason])
        assert not Customer.objects.exists()


def view(customer: str, *, minute: int = 0, sku: str = "TEA") -> dict[str, Any]:
    return {
        "customer": customer,
        "sku": sku,
        "kind": "view",
        "occurred_at": f"2026-03-01T10:{minute:02}:00Z",
    }


@pytest.fixture
def tea() -> None:
    save_products([{"sku": "TEA", "title": "Tea"}], now=NOW)


@pytest.mark.usefixtures("tea")
class TestIdentifyCustomer:
    def test_gives_the_visitors_history_to_the_customer(self):
        record_events([view("v1"), view("anna", minute=1)], received_at=NOW)
        identify_customer(anonymous_id="v1", customer="anna", now=NOW)
        assert set(Event.objects.values_list("customer__external_id", flat=True)) == {"anna"}
        visitor = Customer.objects.get(external_id="v1")
        assert visitor.is_anonymous
        assert customer_named("v1").external_id == "anna"

    def test_may_be_repeated(self):
        record_events([view("v1")], received_at=NOW)
        first = identify_customer(anonymous_id="v1", customer="anna", now=NOW)
        assert identify_customer(anonymous_id="v1", customer="anna", now=LATER) == first
        assert Event.objects.get().customer == first

    def test_what_the_visitor_does_later_is_the_customers(self):
        identify_customer(anonymous_id="v1", customer="anna", now=NOW)
        record_events([view("v1")], received_at=NOW)
        assert Event.objects.get().customer.external_id == "anna"

    def test_a_message_sent_again_after_it_is_still_a_duplicate(self):
        record_events([view("v1")], received_at=NOW)
        identify_customer(anonymous_id="v1", customer="anna", now=NOW)
        assert record_events([view("v1")], received_at=NOW).duplicates == 1

    def test_a_no_of_either_wins(self):
        save({"external_id": "v1", "consent.marketing": "no"})
        save({"external_id": "anna", "consent.marketing": "yes", "consent.post": "no"})
        identify_customer(anonymous_id="v1", customer="anna", now=NOW)
        consents = Consent.objects.values_list("customer__external_id", "purpose", "is_granted")
        assert set(consents) == {("anna", "marketing", False), ("anna", "post", False)}

    def test_moves_memberships_that_the_customer_lacks(self):
        save({"external_id": "v1"}, {"external_id": "anna"})
        both, one = (Audience.objects.create(name=n, created_at=NOW) for n in ("both", "one"))
        visitor, anna = (Customer.objects.get(external_id=n) for n in ("v1", "anna"))
        for audience, customer in ((both, visitor), (both, anna), (one, visitor)):
            AudienceMember.objects.create(audience=audience, customer=customer)
        identify_customer(anonymous_id="v1", customer="anna", now=NOW)
        found = AudienceMember.objects.values_list("audience__name", "customer__external_id")
        assert sorted(found) == [("both", "anna"), ("one", "anna")]

    def test_follows_a_chain_of_visitors(self):
        identify_customer(anonymous_id="v1", customer="v2", now=NOW)
        identify_customer(anonymous_id="v2", customer="anna", now=NOW)
        assert customer_named("v1").external_id == "anna"
        identify_customer(anonymous_id="v3", customer="v1", now=NOW)
        assert customer_named("v3").external_id == "anna"

    def test_refuses_a_visitor_who_is_somebody_else_already(self):
        identify_customer(anonymous_id="v1", customer="anna", now=NOW)
        with pytest.raises(Conflict, match="somebody else"):
            identify_customer(anonymous_id="v1", customer="bert", now=NOW)

    def test_refuses_a_customer_with_a_name(self):
        save({"external_id": "bert", "email": "bert@example.org"})
        with pytest.raises(Conflict, match="no visitor"):
            identify_customer(anonymous_id="bert", customer="anna", now=NOW)

    def test_refuses_to_join_a_customer_to_itself(self):
        with pytest.raises(InvalidInput):
            identify_customer(anonymous_id="anna", customer="anna", now=NOW)

    def test_tells_the_apps_above(self):
        heard: list[tuple[int, int]] = []

        def hear(*, source_id, target_id, **_):
            heard.append((source_id, target_id))

        customers_identified.connect(hear)
        try:
            target = identify_customer(anonymous_id="v1", customer="anna", now=NOW)
        finally:
            customers_identified.disconnect(hear)
        assert heard == [(Customer.objects.get(external_id="v1").pk, target.pk)]


@pytest.mark.usefixtures("tea")
class TestEraseCustomer:
    def test_leaves_nothing_of_a_customer_and_all_of_the_others(self):
        record_events(
            [view("v1"), view("anna"), view("bert"), view("anna", sku="?")], received_at=NOW
        )
        anna = identify_customer(anonymous_id="v1", customer="anna", now=NOW)
        set_consent(customer=anna, purpose="marketing", is_granted=True, now=NOW)
        Persona.objects.create(customer=anna, recency=1, frequency=1, monetary=1, as_of=NOW)
        erased = erase_customer(customer=anna, now=NOW, by="lead")
        assert erased == {"customers": 2, "events": 2, "rejected_events": 1}
        assert [c.external_id for c in Customer.objects.all()] == ["bert"]
        assert [e.customer.external_id for e in Event.objects.all()] == ["bert"]
        assert not Consent.objects.exists()
        assert not Persona.objects.exists()
        assert not RejectedEvent.objects.exists()

    def test_is_kept_in_the_audit_trail_without_the_name(self):
        save({"external_id": "anna"})
        anna = Customer.objects.get()
        erase_customer(customer=anna, now=NOW, by="lead")
        entry = AuditEntry.objects.get(action="erase_customer")
        assert (entry.actor, entry.subject) == ("lead", f"customer:{anna.pk}")

    def test_tells_the_apps_above_while_the_customer_still_stands(self):
        save({"external_id": "anna"})
        heard: list[bool] = []

        def hear(*, customer_ids, **_):
            heard.append(Customer.objects.filter(pk__in=customer_ids).exists())

        customers_erased.connect(hear)
        try:
            erase_customer(customer=Customer.objects.get(), now=NOW, by=None)
        finally:
            customers_erased.disconnect(hear)
        assert heard == [True]

    def test_an_unknown_customer_is_named(self):
        with pytest.raises(NotFound, match="'nobody'"):
            customer_named("nobody")
