"""Audiences for ad platforms: hashed, agreed to, and without the held-out."""

from __future__ import annotations

import csv
import hashlib
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.contrib.messages import get_messages
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from launchopt import testing
from launchopt.audiences.models import Audience, Consent
from launchopt.campaigns.exporting import export_audience
from launchopt.campaigns.models import Campaign
from launchopt.experiments.services import assign
from launchopt.operations.models import AuditEntry
from tests.support.api import by_person


@pytest.fixture
def audience(db) -> Audience:
    """Sixty members, half of whom a launch holds out; all but the first ten agreed to it all."""
    now = timezone.now() - timedelta(minutes=5)
    customers = testing.make_customers(60, now=now)
    for customer in customers:
        customer.email, customer.phone = f"{customer.external_id}@example.org", "+44 20 7946 0123"
        customer.save()
    Consent.objects.bulk_create(
        Consent(customer=c, purpose="ad_platforms", is_granted=True, recorded_at=now)
        for c in customers[10:]
    )
    launch = testing.make_running_launch(
        product=testing.make_product(now=now), customers=customers, now=now, holdout=0.5
    )
    return launch.campaigns.get().audience


def rows_of(audience: Audience, form: str = "google"):
    file = StringIO()
    counts = export_audience(audience, form=form, file=file, by="ana", now=timezone.now())
    return counts, list(csv.DictReader(StringIO(file.getvalue())))


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class TestExport:
    def test_hashes_what_it_writes(self, audience):
        counts, rows = rows_of(audience)
        assert len(rows) == counts["written"]
        assert rows[0]["Phone"] == sha("+442079460123")
        known = {sha(f"customer-{n}@example.org") for n in range(60)}
        assert {row["Email"] for row in rows} <= known

    def test_leaves_out_who_did_not_agree_to_both(self, audience):
        counts, rows = rows_of(audience)
        assert counts["without_consent"] == 10
        strangers = {sha(f"customer-{n}@example.org") for n in range(10)}
        assert not strangers & {row["Email"] for row in rows}

    def test_leaves_out_exactly_those_whom_the_launch_holds_out(self, audience):
        counts, rows = rows_of(audience)
        launch = audience.campaigns.get().launch
        members = dict(audience.members.values_list("customer_id", "customer__email"))
        assigned = assign(
            experiment=launch.experiment, customer_ids=list(members), now=timezone.now()
        )
        held = {sha(members[pk]) for pk, found in assigned.items() if found.variant == "holdout"}
        assert 0 < counts["held_out"] < 50
        assert not held & {row["Email"] for row in rows}

    def test_is_audited_without_addresses(self, audience):
        rows_of(audience)
        entry = AuditEntry.objects.get(action="export_audience")
        assert entry.after["form"] == "google"
        assert "example.org" not in str(entry.after)

    def test_names_columns_as_the_platform_does(self, audience):
        assert set(rows_of(audience, "meta")[1][0]) == {"email", "phone"}


class TestCommand:
    def test_writes_a_file(self, audience, tmp_path):
        out = StringIO()
        file = tmp_path / "audience.csv"
        call_command("export_audience", str(audience.pk), form="meta", out=file, stdout=out)
        assert "of 60 members written" in out.getvalue()
        assert file.read_text().startswith("email,phone")

    @pytest.mark.parametrize("name", ["nothing", "00000000-0000-0000-0000-000000000000"])
    def test_names_an_audience_that_there_is_not(self, db, tmp_path, name):
        with pytest.raises(CommandError, match="audience"):
            call_command("export_audience", name, form="meta", out=tmp_path / "a.csv")


class TestAdmin:
    def download(self, client, campaign: Campaign):
        address = reverse("admin:launchopt_campaigns_campaign_changelist")
        asked = {"action": "export", "_selected_action": [str(campaign.pk)]}
        return client.post(address, asked)

    def test_a_campaign_of_a_platform_gives_its_file(self, audience, admin_client):
        campaign = audience.campaigns.get()
        Campaign.objects.filter(pk=campaign.pk).update(channel="meta")
        answer = self.download(admin_client, campaign)
        lines = b"".join(answer.streaming_content).decode().splitlines()
        assert lines[0] == "email,phone"
        assert lines[1].endswith(sha("442079460123"))
        assert AuditEntry.objects.get(action="export_audience").actor == "admin"

    def test_another_campaign_has_none(self, audience, admin_client):
        answer = self.download(admin_client, audience.campaigns.get())
        [said] = get_messages(answer.wsgi_request)
        assert str(said) == "Choose one campaign of an ad platform: google_search, meta."

    def test_who_sees_no_addresses_takes_none_out(self, audience):
        marketer = by_person("marketer").client
        get_user_model().objects.update(is_staff=True)
        self.download(marketer, audience.campaigns.get())
        assert not AuditEntry.objects.filter(action="export_audience").exists()
