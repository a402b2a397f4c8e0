"""A shop's own channels: named by a setting, known everywhere, their messages sent at most once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from launchopt import testing
from launchopt.audiences.models import Consent
from launchopt.campaigns import delivering
from launchopt.campaigns.channels import (
    Channel,
    GoogleAds,
    MetaAds,
    Sender,
    channel_named,
    channels,
    outbound_names,
)
from launchopt.campaigns.channels.registry import check_channels
from launchopt.campaigns.models import Campaign, Message, Placement
from launchopt.operations.models import Alert
from tests.support.channels import provider

OWN = {"push": "tests.support.channels.Push", "pins": "tests.support.channels.Pins"}


@pytest.fixture
def own(settings):
    settings.LAUNCHOPT = settings.LAUNCHOPT | {"CHANNELS": OWN, "QUIET_HOURS": (0, 0)}
    provider.__init__()
    return provider


@pytest.fixture
def launch(own, transactional_db):
    now = timezone.now() - timedelta(minutes=10)
    customers = testing.make_customers(4, now=now)
    own.devices = {customer.external_id for customer in customers[:3]}
    launch = testing.make_running_launch(
        product=testing.make_product(now=now),
        customers=customers,
        now=now,
        days=1,
        holdout=0.0,
        channel="push",
    )
    Campaign.objects.update(allowance=Decimal("10.00"))
    return launch


class TestRegistry:
    def test_all_channels_are_of_one_kind(self, own):
        assert set(channels()) == {
            "onsite", "email", "sms", "webhook", "google_search", "meta", "push", "pins",
        }  # fmt: skip
        assert all(isinstance(channel, Channel) for channel in channels().values())
        assert outbound_names() == {"email", "sms", "webhook", "push"}
        assert isinstance(channel_named("push"), Sender)

    def test_a_name_that_nobody_registered_asks_for_decisions(self, own):
        assert type(channel_named("kiosk")) is Channel

    def test_a_class_may_serve_under_another_name(self, settings):
        path = "launchopt.campaigns.delivering.webhook.Webhook"
        settings.LAUNCHOPT = settings.LAUNCHOPT | {"CHANNELS": {"sms": path}}
        assert channel_named("sms").is_repeatable
        assert "sms" in outbound_names()

    @pytest.mark.parametrize(
        ("name", "path", "fault"),
        [
            ("push", "shop.nowhere.Push", "No module named 'shop'"),
            ("push", "tests.support.channels.Pull", 'does not define a "Pull"'),
            ("push", "Push", "doesn't look like a module path"),
            ("push", "tests.support.channels.Provider", "no subclass of Channel"),
            ("Push it", "tests.support.channels.Push", "cannot stand in an address"),
        ],
    )
    def test_the_check_names_the_bad_path_and_the_others_work(self, settings, name, path, fault):
        settings.LAUNCHOPT = settings.LAUNCHOPT | {"CHANNELS": {name: path}}
        [error] = check_channels()
        assert error.id == "launchopt.E010"
        assert path in error.msg
        assert fault in error.msg
        assert name not in channels()
        assert "email" in channels()


class TestSending:
    def test_hands_over_what_was_decided_to_whom_it_reaches(self, own, launch):
        assert delivering.send_due(now=timezone.now())["sent"] == 3
        assert {customer for customer, _ in own.pushed} == own.devices
        assert delivering.send_due(now=timezone.now())["decided"] == 0
        assert Campaign.objects.get().spent == Decimal("0.06")

    def test_keeps_consent(self, own, launch):
        Consent.objects.filter(customer__external_id="customer-0").update(is_granted=False)
        delivering.send_due(now=timezone.now())
        assert {customer for customer, _ in own.pushed} == {"customer-1", "customer-2"}

    def test_keeps_quiet_hours(self, own, launch, settings):
        hour = timezone.now().hour
        night = {"QUIET_HOURS": ((hour - 1) % 24, (hour + 2) % 24)}
        settings.LAUNCHOPT = settings.LAUNCHOPT | night
        delivering.send_due(now=timezone.now())
        assert own.pushed == []

    def test_who_is_refused_costs_nothing(self, own, launch):
        own.refused = {"customer-1"}
        counts = delivering.send_due(now=timezone.now())
        assert (counts["sent"], counts["refused"]) == (2, 1)
        assert Message.objects.get(state="refused").error == "no such device"

    def test_a_line_that_breaks_goes_to_a_person_and_is_not_tried_again(self, own, launch):
        own.breaks = True
        assert delivering.send_due(now=timezone.now())["unknown"] == 3
        own.breaks = False
        later = timezone.now() + timedelta(hours=3)
        assert delivering.send_due(now=later)["sent"] == 0
        assert len(own.pushed) == 3
        assert Alert.objects.get(code="message_unknown").resolved_at is None

    def test_one_that_breaks_keeps_no_other_from_sending(self, own, launch, monkeypatch):
        monkeypatch.setattr(own, "is_set_up", lambda: 1 / 0)
        assert delivering.send_due(now=timezone.now())["sent"] == 0
        alert = Alert.objects.get(code="channel_broken", subject="channel:push")
        assert "ZeroDivisionError" in alert.message
        monkeypatch.undo()
        assert delivering.send_due(now=timezone.now())["sent"] == 3
        alert.refresh_from_db()
        assert alert.resolved_at is not None


class TestAdmin:
    def test_stands_among_the_choices(self, own, admin_client):
        page = admin_client.get(reverse("admin:launchopt_campaigns_placement_add"))
        known = dict(page.context["adminform"].form.fields["channel"].choices)
        assert known["push"] == "push"
        assert known["onsite"] == "on site"
        page = admin_client.get(reverse("admin:launchopt_campaigns_launch_add"))
        assert "<code>push</code>" in page.content.decode()

    def test_a_place_of_another_channel_stays_as_it_is(self, own, admin_client):
        Placement.objects.create(name="kiosk", channel="kiosk")
        address = reverse("admin:launchopt_campaigns_placement_change", args=["kiosk"])
        terms = {"name": "kiosk", "channel": "kiosk", "description": "By the door."}
        admin_client.post(address, terms)
        assert Placement.objects.get(name="kiosk").description == "By the door."


class TestAdvertising:
    def test_a_platform_of_the_shop_has_a_form(self, launch, tmp_path):
        file = tmp_path / "audience.csv"
        audience = launch.campaigns.get().audience
        call_command("export_audience", str(audience.pk), form="pins", out=file, stdout=StringIO())
        assert file.read_text().startswith("email_sha256,phone_sha256")

    def test_each_platform_is_given_its_own_normal_form(self):
        google, meta = GoogleAds("google_search"), MetaAds("meta")
        assert google.normal_email("Ana.Lima@GMail.com") == "analima@gmail.com"
        assert meta.normal_email("Ana.Lima@GMail.com") == "ana.lima@gmail.com"
        assert google.normal_phone("0044 20 7946 0123") == "+442079460123"
        assert meta.normal_phone("0044 20 7946 0123") == "442079460123"
        assert google.row_of(email="nobody", phone="7946") == ["", ""]
