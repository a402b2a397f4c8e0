"""An event is written with what it tells of, once for each endpoint that asked for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.db import transaction

from launchopt.operations.models import WebhookDelivery, WebhookEndpoint
from launchopt.operations.webhooks import tell

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def an_endpoint(name: str, *events: str, **fields: object) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(
        name=name, url="https://shop.example/", events=list(events), created_at=NOW, **fields
    )


class TestTell:
    def test_writes_a_delivery_for_each_endpoint_that_asked(self, db):
        an_endpoint("one", "launch.started")
        an_endpoint("two", "launch.started", "alert.opened")
        an_endpoint("three", "alert.opened")
        an_endpoint("off", "launch.started", is_active=False)
        assert tell("launch.started", {"launch": "L"}, key="L", now=NOW) == 2
        rows = WebhookDelivery.objects.order_by("endpoint__name")
        assert [row.endpoint.name for row in rows] == ["one", "two"]
        assert json.loads(rows[0].body) == {
            "type": "launch.started",
            "timestamp": "2026-03-02T09:00:00+00:00",
            "data": {"launch": "L"},
        }

    def test_tells_once_what_is_told_twice(self, db):
        an_endpoint("one", "launch.started", "launch.paused")
        for _ in range(2):
            tell("launch.started", {}, key="L", now=NOW)
        tell("launch.paused", {}, key="L", now=NOW)
        assert WebhookDelivery.objects.count() == 2

    def test_tells_nothing_that_did_not_happen(self, db):
        an_endpoint("one", "launch.started")
        with transaction.atomic():
            tell("launch.started", {}, key="L", now=NOW)
            transaction.set_rollback(True)
        assert not WebhookDelivery.objects.exists()

    def test_refuses_an_event_that_nobody_can_ask_for(self, db):
        with pytest.raises(ValueError, match=r"no event 'launch\.exploded'"):
            tell("launch.exploded", {}, key="L", now=NOW)

    @pytest.mark.django_db(transaction=True)
    def test_refuses_to_tell_outside_a_transaction(self):
        with pytest.raises(transaction.TransactionManagementError, match="atomic"):
            tell("launch.started", {}, key="L", now=NOW)
