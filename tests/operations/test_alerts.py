"""Alerts open once, are told once, are seen and muted by a person, and end by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from smtplib import SMTPDataError

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend

from launchopt.operations.alerts import acknowledge_alert, mute_alert, open_alert, resolve_alert
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt.operations.mails import ASKED_FOR, tell_waiting
from launchopt.operations.models import Alert, AlertNotice
from launchopt.operations.selectors import audit_of
from launchopt.operations.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.support.api import by_person
from tests.support.threads import at_once

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
WHAT = {"code": "underspend", "subject": "launch:1"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def people(settings):
    settings.LAUNCHOPT = {
        **settings.LAUNCHOPT,
        "ALERT_EMAILS": ("ops@shop.example", "ada@shop.example"),
        "SITE_URL": "https://shop.example",
    }


class Faulty(BaseEmailBackend):
    """A server that cannot be reached, refuses, or hangs up in the middle."""

    def __init__(self, *, on_open: Exception | None = None, on_send: Exception | None = None):
        super().__init__()
        self.on_open, self.on_send, self.asked = on_open, on_send, 0

    def open(self):
        if self.on_open:
            raise self.on_open

    def send_messages(self, messages):
        self.asked += 1
        raise self.on_send


def ring(*, now=NOW, message="Too little", **more):
    return open_alert(**WHAT, message=message, now=now, **more)


def states():
    return list(AlertNotice.objects.values_list("about", "state"))


class TestOpening:
    def test_opens_once_and_keeps_the_latest_words(self):
        for minute, words in enumerate(("first", "second")):
            ring(now=NOW + minute * MINUTE, message=words)
        alert = Alert.objects.get()
        assert (alert.message, alert.opened_at) == ("second", NOW)

    def test_resolves_once_and_opens_anew(self):
        ring()
        assert resolve_alert(**WHAT, now=NOW + MINUTE) == 1
        assert resolve_alert(**WHAT, now=NOW + 2 * MINUTE) == 0
        ring(now=NOW + 3 * MINUTE)
        ends = Alert.objects.order_by("opened_at").values_list("resolved_at", flat=True)
        assert list(ends) == [NOW + MINUTE, None]

    def test_leaves_its_history_in_the_audit_trail(self):
        alert = ring()
        ring(now=NOW + MINUTE)
        acknowledge_alert(alert=alert, by="ada", now=NOW + MINUTE)
        resolve_alert(**WHAT, now=NOW + 2 * MINUTE)
        told = audit_of(f"alert:{alert.pk}").order_by("at", "pk").values_list("action", "actor")
        assert list(told) == [
            ("open_alert", "system"),
            ("acknowledge_alert", "ada"),
            ("resolve_alert", "system"),
        ]


class TestTelling:
    def test_an_alert_is_told_once_however_many_ticks_see_it(self, people):
        for minute in range(5):
            ring(now=NOW + minute * MINUTE)
            tell_waiting(now=NOW + minute * MINUTE)
        [message] = mail.outbox
        assert message.subject == "[LaunchOpt] Warning: Underspend"
        assert message.to == ["ops@shop.example", "ada@shop.example"]
        assert "https://shop.example/admin/launchopt_operations/alert/" in message.body

    def test_its_end_is_told_too(self, people):
        ring()
        tell_waiting(now=NOW)
        resolve_alert(**WHAT, now=NOW + MINUTE)
        tell_waiting(now=NOW + MINUTE)
        assert [m.subject for m in mail.outbox][1] == "[LaunchOpt] Over: Underspend"
        assert states() == [("opened", "sent"), ("resolved", "sent")]

    def test_nobody_is_written_to_where_nobody_is_named(self):
        ring()
        assert tell_waiting(now=NOW)["sent"] == 0
        assert states() == []

    def test_a_server_out_of_reach_is_asked_again(self, people):
        ring()
        away = Faulty(on_open=ConnectionRefusedError())
        assert tell_waiting(now=NOW, connection=away)["waiting"] == 1
        assert tell_waiting(now=NOW + MINUTE)["sent"] == 0  # not at every tick
        assert tell_waiting(now=NOW + 11 * MINUTE)["sent"] == 1
        assert len(mail.outbox) == 1

    def test_a_refusal_is_asked_again_for_a_day(self, people):
        ring()
        no = Faulty(on_send=SMTPDataError(554, b"no"))
        tell_waiting(now=NOW, connection=no)
        assert AlertNotice.objects.get().error == "SMTPDataError 554"
        assert tell_waiting(now=NOW + ASKED_FOR + MINUTE, connection=no)["given_up"] == 1
        assert no.asked == 1

    def test_what_may_have_gone_out_is_not_sent_again(self, people):
        ring()
        breaks = Faulty(on_send=ConnectionResetError())
        tell_waiting(now=NOW, connection=breaks)
        tell_waiting(now=NOW + DAY / 2)
        assert mail.outbox == []
        assert states() == [("opened", "attempted")]

    def test_a_killed_worker_s_mail_is_not_sent_again(self, people):
        ring()
        AlertNotice.objects.update(state="attempted", attempted_at=NOW)  # and there it died
        assert tell_waiting(now=NOW + 30 * MINUTE)["sent"] == 0
        assert mail.outbox == []

    def test_webhooks_hear_of_the_opening_and_of_the_end_once_each(self, settings):
        WebhookEndpoint.objects.create(
            name="pager",
            url="https://pager.example/hook",
            events=["alert.opened", "alert.resolved"],
            secret="a secret of its own",
            created_at=NOW,
        )
        for minute in range(3):
            ring(now=NOW + minute * MINUTE)
        resolve_alert(**WHAT, now=NOW + 5 * MINUTE)
        told = WebhookDelivery.objects.order_by("created_at").values_list("event", flat=True)
        assert list(told) == ["alert.opened", "alert.resolved"]

    def test_alerts_on_simulated_time_are_told_to_nobody(self, people):
        ring(is_told=False)
        resolve_alert(**WHAT, now=NOW + MINUTE)
        assert states() == []


class TestMuting:
    def test_holds_for_the_next_of_its_kind_until_it_ends(self, people):
        mute_alert(alert=ring(), until=NOW + DAY, by="ada", now=NOW)
        resolve_alert(**WHAT, now=NOW + MINUTE)
        ring(now=NOW + 2 * MINUTE)
        resolve_alert(**WHAT, now=NOW + 3 * MINUTE)
        assert states() == [("opened", "waiting")]  # of the first, before it was muted
        ring(now=NOW + 2 * DAY)
        assert AlertNotice.objects.count() == 2

    def test_does_not_hold_for_another_subject(self, people):
        mute_alert(alert=ring(), until=NOW + DAY, by="ada", now=NOW)
        open_alert(code="underspend", subject="launch:2", message="Too little", now=NOW)
        assert AlertNotice.objects.count() == 2

    def test_refuses_an_end_that_is_past(self):
        with pytest.raises(InvalidInput, match="to come"):
            mute_alert(alert=ring(), until=NOW, by="ada", now=NOW)

    def test_what_is_over_is_neither_seen_nor_muted(self):
        alert = ring()
        resolve_alert(**WHAT, now=NOW)
        alert.refresh_from_db()
        with pytest.raises(Conflict, match="resolved"):
            acknowledge_alert(alert=alert, by="ada", now=NOW)


@pytest.mark.django_db(transaction=True)
class TestTwoWorkersAtOnce:
    def test_open_one_alert_and_send_one_mail(self, people, no_worker):
        at_once(*[ring] * 4)
        assert Alert.objects.count() == AlertNotice.objects.count() == 1
        at_once(*[lambda: tell_waiting(now=NOW)] * 4)
        assert len(mail.outbox) == 1

    def test_resolve_it_once(self, people, no_worker):
        ring()
        at_once(*[lambda: resolve_alert(**WHAT, now=NOW + MINUTE)] * 4)
        assert states() == [("opened", "waiting"), ("resolved", "waiting")]


class TestOverRest:
    def test_an_operator_sees_mutes_and_resolves(self):
        alert, client = ring(), by_person("operator")
        address = f"alerts/{alert.pk}/"
        assert client.post(f"{address}acknowledge/").json()["acknowledged_by"]
        until = "2036-03-02T09:00:00Z"
        answer = client.post(f"{address}mute/", {"until": until})
        assert answer.json()["muted_until"] == until
        assert client.post(f"{address}resolve/").json()["resolved_at"]
        assert client.post(f"{address}acknowledge/").status_code == 409
        actions = [entry["action"] for entry in client.get(address).json()["history"]]
        assert actions == ["open_alert", "acknowledge_alert", "mute_alert", "resolve_alert"]

    def test_an_analyst_only_looks(self):
        alert, client = ring(), by_person("analyst")
        assert client.get("alerts/?resolved_at__isnull=true").json()["count"] == 1
        assert client.post(f"alerts/{alert.pk}/resolve/").status_code == 403

    def test_muting_needs_an_instant_to_come(self):
        address = f"alerts/{ring().pk}/mute/"
        client = by_person("operator")
        for body in ({}, {"until": "yesterday"}, {"until": "2020-01-01T00:00:00Z"}):
            assert client.post(address, body).status_code == 400
