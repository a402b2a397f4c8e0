"""Launches by e-mail: sent once, by a real mail server; left by one click; never a secret told."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import socket
from datetime import timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from launchopt import testing
from launchopt.audiences.models import Consent, Customer, Event
from launchopt.campaigns import delivering
from launchopt.campaigns.channels import channel_named
from launchopt.campaigns.delivering.sending import LOST_AFTER, send
from launchopt.campaigns.models import Campaign, Creative, Decision, Launch, Message
from launchopt.catalog.models import Product
from launchopt.operations.models import Alert, AuditEntry

SECRET = "shared with the provider"
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0"}


class Postbox:
    """A mail server's mind: it keeps what it takes, refuses some, and may hang up."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.refused: set[str] = set()
        self.hangs_up = False

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return f"550 no such user: {address}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        if self.hangs_up:
            server.transport.close()
        return "250 taken"

    def addresses(self) -> list[str]:
        return [message["To"] for message in self.taken]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def post(settings):
    box = Postbox()
    port = free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.LAUNCHOPT = {
        **settings.LAUNCHOPT,
        "EMAIL_FROM": "The shop <news@shop.example>",
        "SITE_URL": "https://shop.example",
        "WEBHOOK_SECRET": SECRET,
        "QUIET_HOURS": (0, 0),
    }
    yield box
    controller.stop()


@pytest.fixture
def launch(transactional_db) -> Launch:
    """Four customers, one of whom has no address."""
    now = timezone.now() - timedelta(minutes=10)
    customers = testing.make_customers(4, now=now)
    for customer in customers[:3]:
        customer.email = f"{customer.external_id}@example.org"
        customer.save()
    product = testing.make_product("LAMP", now=now, url="https://shop.example/lamp?colour=red")
    launch = testing.make_running_launch(
        product=product, customers=customers, now=now, days=1, holdout=0.0, channel="email"
    )
    Campaign.objects.update(allowance=Decimal("10.00"))
    return launch


def send_due() -> dict[str, int]:
    return delivering.send_due(now=timezone.now())


def counts(**some: int) -> dict[str, int]:
    return dict.fromkeys(("decided", "sent", "attempted", "refused", "unknown"), 0) | some


def links_in(message: EmailMessage) -> dict[str, str]:
    """What follows /on/ -> the address on this site."""
    text = message.get_body(("plain",)).get_content()
    text += message.get_body(("html",)).get_content()
    found = re.findall(r"https://shop\.example(/[a-z/]*on/([cou])/[^\s\"<]+)", text)
    return {kind: address for address, kind in found}


class TestSending:
    def test_writes_to_each_member_with_an_address_once(self, post, launch):
        assert send_due()["sent"] == 3
        assert send_due() == counts(decided=0)
        assert sorted(post.addresses()) == [f"customer-{n}@example.org" for n in range(3)]
        assert set(Decision.objects.values_list("state", flat=True)) == {"confirmed"}
        campaign = Campaign.objects.get()
        assert (campaign.reserved, campaign.spent) == (0, Decimal("0.06"))

    def test_sends_text_and_html_with_one_click_to_leave(self, post, launch):
        send_due()
        message = post.taken[0]
        assert message["Subject"] == Creative.objects.get().headline
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert message["List-Unsubscribe"].strip(" <>").startswith("https://shop.example/")
        assert {part.get_content_type() for part in message.iter_parts()} == {
            "text/plain",
            "text/html",
        }
        assert set(links_in(message)) == {"c", "o", "u"}

    def test_sends_nothing_where_mail_is_not_set_up(self, settings, launch):
        settings.LAUNCHOPT = {**settings.LAUNCHOPT, "EMAIL_FROM": ""}
        assert delivering.send_due(now=timezone.now())["decided"] == 0
        assert not Decision.objects.exists()

    def test_never_passes_the_money_that_is_let_out(self, post, launch):
        Campaign.objects.update(allowance=Decimal("0.05"))
        assert send_due()["sent"] == 2

    def test_writes_to_nobody_without_consent_and_asks_again_later(self, post, launch):
        Consent.objects.update(is_granted=False)
        assert send_due()["sent"] == 0
        assert send_due()["decided"] == 0
        Consent.objects.update(is_granted=True)
        later = timezone.now() + timedelta(hours=2)
        assert delivering.send_due(now=later)["sent"] == 3

    def test_a_refused_address_costs_nothing_and_is_named_by_its_code(self, post, launch):
        post.refused = {"customer-1@example.org"}
        assert send_due() == counts(decided=3, sent=2, refused=1)
        message = Message.objects.get(state="refused")
        assert message.error == "SMTPRecipientsRefused 550"
        assert "example.org" not in message.error
        assert Campaign.objects.get().spent == Decimal("0.04")

    def test_an_unknown_fate_goes_to_a_person_and_is_not_tried_again(self, post, launch):
        post.hangs_up = True
        assert send_due()["unknown"] == 3
        post.hangs_up = False
        later = timezone.now() + timedelta(hours=3)
        assert delivering.send_due(now=later)["decided"] == 0
        assert Alert.objects.get(code="message_unknown").resolved_at is None

    def test_a_killed_worker_leaves_a_message_that_is_not_sent_again(self, post, launch):
        now = timezone.now()
        decision = testing.decide_for(Customer.objects.first(), now=now, placement="home")
        assert decision.reason == "no_launch"  # home is on-site
        send_due()
        lost = Message.objects.first()
        Message.objects.filter(pk=lost.pk).update(state="attempted")
        assert send(lost.decision, channel=channel_named("email"), now=now) == "unknown"
        assert len(post.taken) == 3
        assert delivering.find_unknown(now=now + LOST_AFTER * 2) == 1
        lost.refresh_from_db()
        assert (lost.state, lost.error) == ("unknown", "the worker was lost")


class TestAnswers:
    @pytest.fixture
    def links(self, post, launch) -> dict[str, str]:
        send_due()
        return links_in(post.taken[0])

    def test_opens_and_clicks_are_counted(self, links):
        client = Client(headers=BROWSER)
        assert client.get(links["o"])["Content-Type"] == "image/gif"
        target = client.get(links["c"]).url
        assert target.startswith("https://shop.example/lamp?colour=red&utm_source=launchopt")
        assert "utm_medium=email" in target
        kinds = set(Event.objects.values_list("kind", flat=True))
        assert kinds == {"exposure", "open", "click"}

    def test_reading_the_link_unsubscribes_nobody(self, links):
        page = Client(headers=BROWSER).get(links["u"]).content.decode()
        assert "Get no more news?" in page
        assert Consent.objects.filter(is_granted=False).count() == 0

    def test_one_click_of_a_mail_program_does(self, links):
        answer = Client().post(links["u"], {"List-Unsubscribe": "One-Click"})
        assert "Done" in answer.content.decode()
        event = Event.objects.get(kind="unsubscribe")
        assert not Consent.objects.get(customer=event.customer).is_granted
        assert Consent.objects.filter(is_granted=True).count() == 3


class TestReports:
    def tell(self, reports, *, secret: str = SECRET):
        body = json.dumps({"reports": reports}).encode()
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return Client().post(
            reverse("launchopt:mail-reports"),
            body,
            content_type="application/json",
            headers={"X-LaunchOpt-Signature": f"sha256={signature}"},
        )

    def test_a_complaint_withdraws_the_consent(self, post, launch):
        send_due()
        number = post.taken[0]["Message-ID"]
        assert self.tell([{"message_id": number, "kind": "complaint"}]).json()["accepted"] == 1
        assert self.tell([{"message_id": number, "kind": "complaint"}]).status_code == 202
        event = Event.objects.get(kind="complaint")
        assert not Consent.objects.get(customer=event.customer).is_granted

    def test_a_bounce_ends_the_writing(self, post, launch):
        send_due()
        self.tell([{"message_id": post.taken[0]["Message-ID"], "kind": "bounce"}])
        Message.objects.update(state="refused")
        later = timezone.now() + timedelta(hours=2)
        assert delivering.send_due(now=later)["decided"] == 2

    def test_what_is_unknown_or_wrong_is_named_and_the_rest_is_kept(self, post, launch):
        send_due()
        answer = self.tell(
            [
                {"message_id": "<nobody@shop.example>", "kind": "bounce"},
                {"message_id": post.taken[0]["Message-ID"], "kind": "joy"},
                {"message_id": post.taken[1]["Message-ID"], "kind": "delivered"},
                "bounce",
            ]
        ).json()
        assert answer["accepted"] == 1
        assert [row["index"] for row in answer["rejected"]] == [0, 1, 3]
        assert answer["rejected"][0]["reason"] == "We sent no such message."

    def test_a_forged_report_is_refused(self, post, launch):
        answer = self.tell([], secret="guessed")
        assert answer.status_code == 403
        assert "signature" in answer.json()["detail"]


class TestAdmin:
    @pytest.fixture
    def ana(self, transactional_db) -> Client:
        user = get_user_model().objects.create_superuser("ana", email="ana@shop.example")
        client = Client()
        client.force_login(user)
        return client

    def test_a_person_says_what_became_of_a_message(self, post, launch, ana):
        post.hangs_up = True
        send_due()
        unknown = Message.objects.first()
        address = reverse("admin:launchopt_campaigns_message_changelist")
        asked = {"action": "was_sent", "_selected_action": [str(unknown.pk)]}
        assert "cannot be undone" in ana.post(address, asked).content.decode()
        ana.post(address, asked | {"confirmed": "yes"})
        unknown.refresh_from_db()
        assert unknown.state == "sent"
        assert unknown.decision.state == "confirmed"
        assert AuditEntry.objects.get(action="settle_message").actor == "ana"
        assert "example.org" not in ana.get(address).content.decode()

    def test_sends_a_test_that_counts_nothing(self, post, launch, ana):
        address = reverse("admin:launchopt_campaigns_creative_changelist")
        creative = Creative.objects.get()
        ana.post(address, {"action": "send_test", "_selected_action": [str(creative.pk)]})
        assert post.addresses() == ["ana@shop.example"]
        assert post.taken[0]["Subject"].startswith("[test] ")
        assert not Decision.objects.exists()
        assert Product.objects.get().url in post.taken[0].get_body(("plain",)).get_content()
