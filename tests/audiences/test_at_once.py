"""Several writers at once, each with a connection of its own: nothing twice, nothing lost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from launchopt.audiences.models import Customer, Event
from launchopt.audiences.partitions import ensure_partitions
from launchopt.audiences.services import (
    identify_customer,
    record_events,
    save_customers,
    store_events,
    storing,
)
from launchopt.audiences.services.events import EVENT_FIELDS, EVENT_NAMES, EVENT_RULES
from launchopt.catalog.models import Product
from launchopt.catalog.services import save_products
from launchopt.operations.importing.batches import frame_of, mapping_of
from launchopt.operations.importing.cleaning import clean_rows, split_rejected
from tests.support.threads import at_once

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def tea(transactional_db: None) -> None:
    save_products([{"sku": "TEA", "title": "Tea"}], now=NOW)


def views(count: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "customer": f"c{n % 7}",
            "sku": "TEA",
            "kind": "view",
            "occurred_at": "2026-03-01T10:00:00Z",
            "quantity": n,
            **{name: value.format(n=n) for name, value in more.items()},
        }
        for n in range(count)
    ]


def record(batch: list[dict[str, Any]]) -> int:
    return record_events(batch, received_at=NOW).accepted


class TestAtOnce:
    @pytest.mark.parametrize("more", [{}, {"message_id": "m-{n}"}])
    def test_the_same_batch_in_any_order_is_stored_once(self, more):
        batch = views(300, **more)
        senders = [batch, batch[::-1], batch[150:] + batch[:150]]
        accepted = at_once(*(lambda rows=rows: record(rows) for rows in senders))
        assert sum(accepted) == Event.objects.count() == 300
        assert Customer.objects.count() == 7

    def test_a_visitor_who_logs_in_takes_along_what_is_stored_meanwhile(self):
        record(views(1))
        batches = [views(40, session=f"{number}-{{n}}") for number in range(4)]
        at_once(
            *(lambda rows=rows: record(rows) for rows in batches),
            *(
                lambda n=n: identify_customer(anonymous_id=f"c{n}", customer="anna", now=NOW)
                for n in range(7)
            ),
        )
        owners = Event.objects.values_list("customer__external_id", flat=True)
        assert set(owners) == {"anna"}
        assert len(owners) == 161

    def test_two_imports_of_the_same_products_make_each_once(self):
        rows = [{"sku": f"P{n}", "title": f"Product {n}"} for n in range(200)]
        at_once(lambda: save_products(rows, now=NOW), lambda: save_products(rows[::-1], now=NOW))
        assert Product.objects.count() == 201

    def test_a_straight_copy_that_meets_another_writer_falls_back(self, monkeypatch):
        batch = views(storing.SMALL + 10)
        save_customers([{"external_id": f"c{n}"} for n in range(7)], now=NOW)
        ensure_partitions(since=NOW, until=NOW)
        frame, _ = frame_of(batch, names=EVENT_NAMES)
        cleaned = clean_rows(
            frame, mapping=mapping_of(frame), fields=EVENT_FIELDS, rules=EVENT_RULES
        )
        rows, _ = split_rejected(cleaned)
        copy = storing.copy_frame

        def copy_after_another(frame: Any, *, table: str) -> None:
            if table == storing.TABLE:
                at_once(lambda: record(batch[:3]))
            copy(frame, table=table)

        monkeypatch.setattr(storing, "copy_frame", copy_after_another)
        assert store_events(rows, received_at=NOW).accepted == len(batch) - 3
        assert Event.objects.count() == len(batch)
