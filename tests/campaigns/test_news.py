"""Other systems hear of a launch and its words as they change, and of no more."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from launchopt import testing
from launchopt.campaigns import creatives, services
from launchopt.operations.errors import Conflict
from launchopt.operations.models import WebhookDelivery, WebhookEndpoint
from launchopt.operations.webhooks.events import EVENTS

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _endpoint():
    WebhookEndpoint.objects.create(
        name="all", url="https://shop.example/", events=list(EVENTS), created_at=NOW
    )


@pytest.fixture
def launch():
    product = testing.make_product(now=NOW)
    return testing.make_running_launch(
        product=product, customers=testing.make_customers(1, now=NOW), now=NOW
    )


def told() -> list[str]:
    return list(
        WebhookDelivery.objects.order_by("created_at", "event").values_list("event", flat=True)
    )


def test_a_launch_and_its_words_are_told_in_turn(launch):
    for hour, step in enumerate((services.pause_launch, services.resume_launch), start=1):
        step(launch=launch, by="operator", now=NOW + timedelta(hours=hour))
    creative = launch.creatives.get()
    creatives.reject_creative(
        creative=creative, by="operator", reason="Too loud.", now=NOW + timedelta(hours=3)
    )
    services.finish_launch(launch=launch, by="operator", now=NOW + timedelta(hours=4))
    assert told() == [
        "creative.approved",
        "launch.started",
        "launch.paused",
        "launch.resumed",
        "creative.withdrawn",
        "launch.finished",
    ]
    withdrawn = json.loads(WebhookDelivery.objects.get(event="creative.withdrawn").body)["data"]
    assert withdrawn["reason"] == "It was rejected: Too loud."
    assert withdrawn["creative"] == str(creative.pk)


def test_words_whose_facts_changed_are_told_as_withdrawn(launch):
    product = launch.product
    product.title, product.updated_at = "Copper kettle", NOW + timedelta(hours=1)
    product.save()
    assert told()[-1] == "creative.withdrawn"


def test_a_refused_step_tells_nothing(launch):
    before = told()
    with pytest.raises(Conflict):
        services.resume_launch(launch=launch, by="operator", now=NOW)
    assert told() == before


def test_a_launch_on_simulated_time_tells_nothing_of_itself(launch):
    launch.is_simulated = True
    launch.save()
    services.pause_launch(launch=launch, by="operator", now=NOW, is_simulated=True)
    assert "launch.paused" not in told()
