"""Events: stored once, rejected with a reason, and heard of by those who must know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from launchopt.audiences.models import Consent, Customer, Event, MessageKey, RejectedEvent
from launchopt.audiences.services import record_events, save_customers
from launchopt.audiences.signals import events_recorded
from launchopt.catalog.services import save_products
from launchopt.operations.errors import InvalidInput

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def event(**changes: Any) -> dict[str, Any]:
    """A purchase of tea by anna."""
    return {
        "customer": "anna",
        "sku": "TEA",
        "kind": "purchase",
        "occurred_at": "2026-03-10T11:00:00Z",
        **changes,
    }


@pytest.fixture
def tea(db: None) -> None:
    save_products([{"sku": "TEA", "title": "Tea"}], now=NOW)


def record(*events: Any) -> tuple[int, int, list[tuple[int, str]]]:
    report = record_events(list(events), received_at=NOW, source="test")
    return report.accepted, report.duplicates, report.rejected


@pytest.mark.usefixtures("tea")
class TestRecordEvents:
    def test_stores_every_field(self):
        decision = uuid4()
        record(
            event(
                quantity=3,
                price="2.50",
                currency="gbp",
                value=4.5,
                order_id="O1",
                session="S1",
                text="so good",
                decision_id=str(decision),
            )
        )
        stored = Event.objects.select_related("customer", "product").get()
        assert stored.customer.external_id == "anna"
        assert stored.product.sku == "TEA"
        assert (stored.quantity, stored.price, stored.currency) == (3, Decimal("2.5"), "GBP")
        assert (stored.value, stored.order_id, stored.session) == (4.5, "O1", "S1")
        assert (stored.text, stored.decision_id) == ("so good", decision)
        assert (stored.occurred_at, stored.received_at) == (NOW - timedelta(hours=1), NOW)
        assert stored.recorded_in > 0
        assert not stored.is_randomised

    def test_creates_a_customer_not_seen_before(self):
        record(event(customer="bert"))
        assert Customer.objects.get().external_id == "bert"

    def test_stores_an_exact_repeat_once(self):
        assert record(event(), event()) == (1, 1, [])
        assert record(event()) == (0, 1, [])
        assert Event.objects.count() == 1

    def test_stores_two_events_that_differ_in_anything(self):
        others = [event(quantity=2), event(price=1), event(text="x"), event(session="x")]
        assert record(event(), *others) == (5, 0, [])

    def test_does_not_mix_up_neighbouring_fields(self):
        assert record(event(order_id="x"), event(session="x"), event(text="x")) == (3, 0, [])

    def test_stores_a_message_once_even_with_another_instant(self):
        first = event(message_id="m-1")
        later = event(message_id="m-1", occurred_at="2026-04-01T00:00:00Z", quantity=9)
        assert record(first) == (1, 0, [])
        assert record(later) == (0, 1, [])
        assert MessageKey.objects.get().occurred_at == Event.objects.get().occurred_at

    def test_stores_the_first_of_one_message_twice_in_a_batch(self):
        again = event(message_id="m-1", occurred_at="2026-01-01T00:00:00Z")
        assert record(event(message_id="m-1"), again) == (1, 1, [])
        assert Event.objects.get().occurred_at == NOW - timedelta(hours=1)

    def test_mixes_events_with_and_without_a_message_id(self):
        assert record(event(message_id="m-1"), event(), event()) == (2, 1, [])

    def test_keeps_a_message_id_that_is_a_uuid(self):
        key = uuid4()
        record(event(message_id=str(key)))
        assert Event.objects.get().pk == key

    def test_puts_each_event_into_the_partition_of_its_month(self):
        from django.db import connection

        record(event(), event(occurred_at="2019-07-31T23:30:00-02:00"))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT tableoid::regclass::text FROM launchopt_audiences_event"
            )
            tables = {name for (name,) in cursor.fetchall()}
        assert tables == {"launchopt_audiences_event_2019_08", "launchopt_audiences_event_2026_03"}

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"sku": "COFFEE"}, "sku is unknown"),
            ({"sku": None}, "sku is missing"),
            ({"customer": ""}, "customer is missing"),
            ({"customer": "x" * 201}, "customer is longer than 200 characters"),
            ({"kind": "bought"}, "kind is unknown"),
            ({"occurred_at": "2026-03-10T11:00:00"}, "occurred_at has no time zone"),
            ({"occurred_at": "yesterday"}, "occurred_at is no instant"),
            ({"occurred_at": "0001-01-01T00:00:00Z"}, "occurred_at is not between 1970 and 2200"),
            ({"price": -1}, "price is negative"),
            ({"price": "cheap"}, "price is no number"),
            ({"price": 10**30}, "price is no number"),
            ({"quantity": 0}, "quantity is below 1"),
            ({"quantity": 1.5}, "quantity is no whole number"),
            ({"quantity": 2**40}, "quantity is above 2,147,483,647"),
            ({"currency": "pounds"}, "currency is no currency code of three letters"),
            ({"decision_id": "7"}, "decision_id is no UUID"),
            ({"text": "a\0b"}, "text holds a NUL character"),
            ({"text": "\ud800"}, "text is no Unicode text"),
            ({"text": {"a": 1}}, "text is no single value"),
            ({"colour": "red"}, "unknown field 'colour'"),
        ],
    )
    def test_rejects_what_is_wrong_and_keeps_it(self, changes, reason):
        assert record(event(), event(**changes)) == (1, 0, [(1, reason)])
        kept = RejectedEvent.objects.get()
        assert (kept.line, kept.reason, kept.source) == (1, reason, "test")
        assert kept.payload["kind"] == event(**changes)["kind"]

    def test_rejects_what_is_no_object(self):
        assert record("hello", 7, event()) == (1, 0, [(0, "is no object"), (1, "is no object")])

    def test_takes_an_event_without_product_where_its_kind_has_none(self):
        assert record(event(kind="search", sku=None, text="green tea")) == (1, 0, [])
        assert Event.objects.get().product is None

    def test_takes_an_empty_batch(self):
        assert record() == (0, 0, [])

    def test_refuses_a_batch_that_is_too_long(self):
        with pytest.raises(InvalidInput, match="at most 1,000"):
            record(*[event()] * 1001)

    def test_needs_as_many_queries_for_many_events_as_for_few(self, django_assert_max_num_queries):
        many = [event(customer=f"c{n}", text=str(n)) for n in range(500)]
        record(event())
        with django_assert_max_num_queries(20):
            assert record(*many) == (500, 0, [])

    def test_gives_events_of_a_joined_visitor_to_the_customer(self):
        record(event(customer="visitor"), event(customer="anna"))
        anna = Customer.objects.get(external_id="anna")
        Customer.objects.filter(external_id="visitor").update(merged_into=anna)
        assert record(event(customer="visitor", text="later")) == (1, 0, [])
        assert Event.objects.get(text="later").customer == anna


@pytest.mark.usefixtures("tea")
class TestConsequences:
    @pytest.mark.parametrize("kind", ["unsubscribe", "complaint"])
    def test_leaving_withdraws_marketing_consent(self, kind):
        save_customers([{"external_id": "anna", "consent.marketing": "yes"}], now=NOW)
        record(event(kind=kind, sku=None))
        consent = Consent.objects.get()
        assert (consent.is_granted, consent.source) == (False, kind)

    def test_leaving_once_does_not_withdraw_a_consent_given_later(self):
        leaving = event(kind="unsubscribe", sku=None)
        record(leaving)
        Consent.objects.update(is_granted=True, source="account page")
        assert record(leaving) == (0, 1, [])
        assert Consent.objects.get().is_granted

    def test_tells_of_events_that_answer_a_decision_once(self):
        heard: list[Any] = []

        def hear(*, events, received_at, **_):
            heard.extend(events)

        events_recorded.connect(hear)
        decision = uuid4()
        shown = event(kind="exposure", decision_id=str(decision))
        try:
            record(shown, event())
            record(shown)
        finally:
            events_recorded.disconnect(hear)
        assert [(e.decision_id, e.kind) for e in heard] == [(decision, "exposure")]
        assert heard[0].occurred_at == NOW - timedelta(hours=1)
