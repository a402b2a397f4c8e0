"""The outbox against real receivers: signed, tried again, given up, never led astray."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from django.utils import timezone

from launchopt.operations.models import Alert, WebhookDelivery, WebhookEndpoint
from launchopt.operations.webhooks import endpoints, tell
from launchopt.operations.webhooks.posting import Outcome, post
from launchopt.operations.webhooks.sending import send_due
from launchopt.operations.webhooks.settling import give_up_expired, pause_after
from launchopt.operations.webhooks.signing import new_secret
from tests.support.webhooks import LOCAL, receiver

SECRET = new_secret()
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _local(settings):
    settings.LAUNCHOPT = settings.LAUNCHOPT | LOCAL


def an_endpoint(url: str, name: str = "shop", **fields: object) -> WebhookEndpoint:
    given = {"events": ["launch.started"], "secret": SECRET, "created_at": timezone.now()}
    return WebhookEndpoint.objects.create(name=name, url=url, **given | fields)


def told(key: str = "L") -> None:
    tell("launch.started", {"launch": key, "name": "Tasse · 杯子"}, key=key, now=timezone.now())


def tick(*, after: timedelta = timedelta(0)) -> dict[str, int]:
    """What a worker does, so long from now."""
    now = timezone.now() + after
    return send_due(clock=lambda: now, rng=np.random.default_rng(0))


class TestSendDue:
    def test_delivers_a_signed_event(self, tmp_path):
        with receiver(tmp_path, secret=SECRET) as there:
            an_endpoint(there.url)
            told()
            assert tick()["delivered"] == 1
        [request] = there.told()
        row = WebhookDelivery.objects.get()
        assert request["is_genuine"]
        assert request["id"] == request["headers"]["idempotency-key"] == str(row.pk)
        assert json.loads(request["body"])["data"]["name"] == "Tasse · 杯子"
        assert (row.state, row.response_status, row.attempts) == ("delivered", 200, 1)
        assert (row.response_start, row.is_doubtful) == ("thank you", False)

    def test_signs_by_both_secrets_while_one_is_replaced(self, tmp_path):
        endpoint = an_endpoint("http://127.0.0.1:9/")
        endpoints.replace_secret(endpoint=endpoint, now=timezone.now())
        endpoint.refresh_from_db()
        for secret in (SECRET, endpoint.secret):
            with receiver(tmp_path, secret=secret) as there:
                there.log.unlink(missing_ok=True)
                WebhookEndpoint.objects.update(url=there.url)
                for day in (0, 2):
                    told(f"{secret} {day}")
                    tick(after=timedelta(days=day))
            # The receiver's clock would refuse what was sent two days ahead: its signatures tell.
            first, later = there.told()
            assert first["is_genuine"]
            assert len(first["headers"]["webhook-signature"].split()) == 2
            assert len(later["headers"]["webhook-signature"].split()) == 1

    def test_tries_again_with_the_same_id_until_it_arrives(self, tmp_path):
        with receiver(tmp_path, secret=SECRET, mode="fails:2") as there:
            endpoint = an_endpoint(there.url)
            told()
            states = [tick(after=timedelta(minutes=minutes)) for minutes in (0, 1, 3)]
        assert [state["delivered"] for state in states] == [0, 0, 1]
        assert len({request["id"] for request in there.told()}) == 1
        assert len(there.told()) == 3
        endpoint.refresh_from_db()
        assert endpoint.failing_since is None

    def test_waits_before_it_tries_again(self, tmp_path):
        with receiver(tmp_path, secret=SECRET, mode="fails:2") as there:
            an_endpoint(there.url)
            told()
            for seconds in (0, 5, 12):
                tick(after=timedelta(seconds=seconds))
        assert len(there.told()) == 2

    def test_one_that_hangs_holds_up_no_other(self, tmp_path, settings):
        settings.LAUNCHOPT = settings.LAUNCHOPT | {"WEBHOOK_SECONDS": 0.5}
        with (
            receiver(tmp_path, secret=SECRET, mode="hangs:9") as slow,
            receiver(tmp_path, secret=SECRET) as quick,
        ):
            an_endpoint(slow.url, name="slow", failing_since=timezone.now())
            an_endpoint(quick.url, name="quick")
            for number in range(9):
                told(str(number))
            counts = tick()
        assert (counts["delivered"], counts["waiting"]) == (9, 1)
        row = WebhookDelivery.objects.get(endpoint__name="slow", attempts=1)
        assert row.is_doubtful
        assert "ReadTimeout" in row.error

    def test_one_that_fails_rests_whatever_else_waits_for_it(self, tmp_path):
        with receiver(tmp_path, secret=SECRET, mode="fails:9") as there:
            an_endpoint(there.url)
            told("first")
            tick()
            for number in range(20):
                told(str(number))
            for seconds in (1, 5, 11):
                tick(after=timedelta(seconds=seconds))
        assert len(there.told()) == 2

    def test_ends_an_answer_that_drips(self, tmp_path, settings):
        settings.LAUNCHOPT = settings.LAUNCHOPT | {"WEBHOOK_SECONDS": 0.5}
        with receiver(tmp_path, secret=SECRET, mode="drips") as there:
            an_endpoint(there.url)
            told()
            tick()
        assert "ReadTimeout" in WebhookDelivery.objects.get().error

    def test_cuts_a_long_answer(self, tmp_path):
        with receiver(tmp_path, secret=SECRET, mode="talks") as there:
            an_endpoint(there.url)
            told()
            assert tick()["delivered"] == 1
        assert len(WebhookDelivery.objects.get().response_start) == 500

    def test_follows_no_redirect(self, tmp_path):
        with (
            receiver(tmp_path, secret=SECRET) as private,
            receiver(tmp_path, secret=SECRET, mode="redirects", target=private.url) as there,
        ):
            an_endpoint(there.url)
            told()
            assert tick()["waiting"] == 1
        assert private.told() == []
        assert WebhookDelivery.objects.get().error == "It answered 302."

    def test_refuses_a_private_address_when_it_sends(self, tmp_path, settings):
        settings.LAUNCHOPT = settings.LAUNCHOPT | {"WEBHOOK_NETWORKS": ()}
        with receiver(tmp_path, secret=SECRET) as there:
            an_endpoint(there.url)
            told()
            assert tick()["waiting"] == 1
        row = WebhookDelivery.objects.get()
        assert there.told() == []
        assert "not on the public internet" in row.error
        assert not row.is_doubtful

    def test_gives_up_at_last_and_tells_a_person(self, tmp_path, settings):
        settings.LAUNCHOPT = settings.LAUNCHOPT | {"WEBHOOK_ATTEMPTS": 2}
        an_endpoint("http://127.0.0.1:9/")
        told()
        tick()
        assert tick(after=timedelta(hours=1))["given_up"] == 1
        row = WebhookDelivery.objects.get()
        assert "ConnectError" in row.error
        assert Alert.objects.get(resolved_at=None).code == "webhook_given_up"
        with receiver(tmp_path, secret=SECRET) as there:
            WebhookEndpoint.objects.update(url=there.url)
            endpoints.resend(delivery=row, now=timezone.now())
            assert tick(after=timedelta(hours=1))["delivered"] == 1
        assert there.told()[0]["id"] == str(row.pk)
        assert not Alert.objects.filter(resolved_at=None).exists()

    def test_switches_off_what_has_failed_for_days_and_keeps_what_waits(self, tmp_path):
        endpoint = an_endpoint("http://127.0.0.1:9/")
        told()
        for days in (0, 6, 7):
            tick(after=timedelta(days=days))
        endpoint.refresh_from_db()
        row = WebhookDelivery.objects.get()
        assert not endpoint.is_active
        assert endpoint.switched_off == "Nothing arrived for 5 days."
        assert (row.state, row.attempts) == ("waiting", 2)
        assert Alert.objects.get(resolved_at=None).code == "webhook_off"
        with receiver(tmp_path, secret=SECRET) as there:
            changes = {"url": there.url, "is_active": True}
            endpoints.change_endpoint(endpoint=endpoint, changes=changes, now=timezone.now())
            assert tick(after=timedelta(days=8))["delivered"] == 1
        assert not Alert.objects.filter(resolved_at=None).exists()

    def test_switches_off_what_says_that_it_is_gone(self, tmp_path):
        with receiver(tmp_path, secret=SECRET, mode="gone") as there:
            endpoint = an_endpoint(there.url)
            told()
            tick()
        endpoint.refresh_from_db()
        assert "410" in endpoint.switched_off

    def test_never_sends_what_came_too_late(self, tmp_path):
        now = timezone.now()
        with receiver(tmp_path, secret=SECRET) as there:
            an_endpoint(there.url)
            tell("launch.started", {}, key="L", now=now, expires_at=now + timedelta(minutes=1))
            tick(after=timedelta(minutes=2))
        assert there.told() == []
        assert give_up_expired(now=now + timedelta(minutes=2)) == 1
        row = WebhookDelivery.objects.get()
        assert (row.state, row.error, row.is_doubtful) == ("given_up", "It came too late.", False)


class TestPost:
    def test_goes_to_the_address_that_was_judged(self, tmp_path):
        answers = iter([["127.0.0.1"], ["127.0.0.2"]])
        with receiver(tmp_path, secret=SECRET) as there:
            url = there.url.replace("127.0.0.1", "shop.example")
            outcome = post(
                url,
                body=b"{}",
                headers={"webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": ""},
                seconds=5,
                resolve=lambda *_: next(answers),
            )
        assert outcome.has_arrived
        assert next(answers) == ["127.0.0.2"]  # the name was asked once
        assert there.told()[0]["headers"]["host"].startswith("shop.example:")

    def test_tries_the_next_address_where_one_does_not_answer(self, tmp_path):
        with receiver(tmp_path, secret=SECRET) as there:
            url = there.url.replace("127.0.0.1", "shop.example")
            headers = {"webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": ""}
            outcome = post(
                url,
                body=b"{}",
                headers=headers,
                seconds=5,
                resolve=lambda *_: ["127.0.0.2", "127.0.0.1"],
            )
        assert outcome.has_arrived


class TestPauseAfter:
    def test_grows_up_to_half_a_day_and_never_comes_in_step(self):
        rng = np.random.default_rng(0)
        pauses = [pause_after(number, Outcome(), rng=rng) for number in range(1, 13)]
        assert timedelta(seconds=8) <= pauses[0] <= timedelta(seconds=12)
        assert all(later > earlier for earlier, later in pairwise(pauses[:9]))
        assert max(pauses) <= timedelta(hours=12 * 1.2)
        assert len(set(pauses)) == 12

    def test_heeds_a_server_that_asks_for_more(self):
        asked = Outcome(status=503, wait_seconds=3600)
        assert pause_after(1, asked, rng=np.random.default_rng(0)) == timedelta(hours=1)
