"""Messages that the shop's own sender sends: under one id each, and not when it is too late."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from launchopt import testing
from launchopt.audiences.models import Customer
from launchopt.audiences.services import erase_customer
from launchopt.campaigns import delivering
from launchopt.campaigns.delivering.webhook import last_moment
from launchopt.campaigns.models import Campaign, Decision, Message
from launchopt.operations.errors import InvalidInput
from launchopt.operations.models import Alert, WebhookDelivery, WebhookEndpoint
from launchopt.operations.webhooks import endpoints
from launchopt.operations.webhooks.sending import send_due
from launchopt.operations.webhooks.settling import give_up_expired
from launchopt.operations.webhooks.signing import new_secret
from tests.support.webhooks import LOCAL, receiver

SECRET = new_secret()
NOWHERE = "http://127.0.0.1:9/"


@pytest.fixture(autouse=True)
def _shop(settings):
    own = {"SITE_URL": "https://shop.example", "QUIET_HOURS": (0, 0)}
    settings.LAUNCHOPT = settings.LAUNCHOPT | LOCAL | own


@pytest.fixture
def launch(transactional_db, no_worker):
    now = timezone.now() - timedelta(minutes=10)
    customers = testing.make_customers(3, now=now)
    Customer.objects.update(email="anna@example.org", phone="+44 20 7946 0123")
    launch = testing.make_running_launch(
        product=testing.make_product(now=now),
        customers=customers,
        now=now,
        days=1,
        holdout=0.0,
        channel="webhook",
    )
    Campaign.objects.update(allowance=Decimal("10.00"))
    return launch


def a_sender(url: str = NOWHERE) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(
        name="sender",
        url=url,
        events=["message.decided"],
        secret=SECRET,
        created_at=timezone.now(),
    )


def tick(*, after: timedelta = timedelta(0)) -> dict[str, int]:
    now = timezone.now() + after
    return send_due(clock=lambda: now, rng=np.random.default_rng(0))


class TestWebhookChannel:
    def test_a_message_goes_to_the_sender_and_counts_once_it_arrived(self, launch, tmp_path):
        with receiver(tmp_path, secret=SECRET) as there:
            a_sender(there.url)
            assert delivering.send_due(now=timezone.now())["attempted"] == 3
            assert set(Decision.objects.values_list("state", flat=True)) == {"reserved"}
            assert tick()["delivered"] == 3
        assert all(request["is_genuine"] for request in there.told())
        told = [json.loads(request["body"])["data"] for request in there.told()]
        assert {message["customer"] for message in told} == {f"customer-{n}" for n in range(3)}
        assert "anna@example.org" not in str(told)
        assert "7946" not in str(told)
        assert told[0]["headline"] == "Look what is new"
        assert set(Message.objects.values_list("state", flat=True)) == {"sent"}
        assert set(Decision.objects.values_list("state", flat=True)) == {"confirmed"}
        assert Campaign.objects.get().spent == Decimal("0.06")
        leave = told[0]["unsubscribe_url"].removeprefix("https://shop.example")
        assert Client().get(leave).status_code == 200

    def test_is_told_once_and_again_under_the_same_id(self, launch, tmp_path):
        with receiver(tmp_path, secret=SECRET, mode="fails:1") as there:
            a_sender(there.url)
            for _ in range(2):
                delivering.send_due(now=timezone.now())
            for minutes in (0, 1, 2):
                tick(after=timedelta(minutes=minutes))
        assert len(there.told()) == 4
        assert len({request["id"] for request in there.told()}) == 3
        assert Message.objects.filter(state="sent").count() == 3

    def test_nothing_is_decided_where_no_sender_listens(self, launch):
        assert delivering.send_due(now=timezone.now())["decided"] == 0
        assert not Decision.objects.exists()

    def test_what_was_never_taken_costs_nothing(self, launch):
        a_sender()
        delivering.send_due(now=timezone.now())
        tick()
        give_up_expired(now=timezone.now() + timedelta(hours=1))
        assert set(Message.objects.values_list("state", flat=True)) == {"refused"}
        assert Campaign.objects.get().spent == 0

    def test_what_may_have_been_taken_goes_to_a_person(self, launch, tmp_path, settings):
        settings.LAUNCHOPT = settings.LAUNCHOPT | {"WEBHOOK_SECONDS": 0.5}
        with receiver(tmp_path, secret=SECRET, mode="hangs:9") as there:
            a_sender(there.url)
            delivering.send_due(now=timezone.now())
            tick()
        later = timezone.now() + timedelta(hours=1)
        assert delivering.find_unknown(now=later) == 0
        give_up_expired(now=later)
        assert set(Message.objects.values_list("state", flat=True)) == {"unknown"}
        assert Alert.objects.filter(code="message_unknown", resolved_at=None).exists()

    def test_a_second_sender_is_refused(self, launch):
        a_sender()
        with pytest.raises(InvalidInput, match="two would send each message twice"):
            endpoints.create_endpoint(
                name="other",
                url="http://127.0.0.1:8/",
                events=["message.decided"],
                now=timezone.now(),
            )

    def test_who_is_erased_is_erased_from_the_outbox(self, launch):
        a_sender()
        delivering.send_due(now=timezone.now())
        customer = Customer.objects.get(external_id="customer-0")
        erase_customer(customer=customer, now=timezone.now(), by="ana")
        bodies = WebhookDelivery.objects.values_list("body", flat=True)
        assert len(bodies) == 2
        assert not any("customer-0" in body for body in bodies)


class TestLastMoment:
    def test_ends_with_the_reservation_or_where_the_night_begins(self, launch, settings):
        a_sender()
        delivering.send_due(now=timezone.now())
        decision = Decision.objects.first()
        at = decision.decided_at
        assert last_moment(decision, now=at) == decision.expires_at
        evening = at.replace(hour=20, minute=50, second=0, microsecond=0)
        decision.decided_at, decision.expires_at = evening, evening + timedelta(minutes=30)
        settings.LAUNCHOPT = settings.LAUNCHOPT | {"QUIET_HOURS": (21, 8), "TIME_ZONE": "UTC"}
        assert last_moment(decision, now=evening) == evening + timedelta(minutes=10)
