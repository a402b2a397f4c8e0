"""Limits of alerts, and the pages on which people set them and see what is open."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from launchopt.campaigns.models import AlertRule, Launch
from launchopt.campaigns.watching.rules import SHIPPED, ensure_rules, fault_of
from launchopt.operations.models import Alert, AuditEntry
from tests.support.launches import HOUR, NOW, make_audience, make_customers, make_running
from tests.support.watching import look, set_rule, spend

pytestmark = pytest.mark.django_db
Kind = AlertRule.Kind


@pytest.fixture
def launch() -> Launch:
    """Ten days of 240.00, 1.00 an hour, begun."""
    return make_running(make_audience(make_customers(2)), budget="240.00", hours=240)


class TestRules:
    def test_a_launch_may_have_its_own(self, launch):
        spend("21.00")
        set_rule(Kind.OVERSPEND, 1)
        set_rule(Kind.OVERSPEND, 60, launch=launch)
        assert look(NOW + 18 * HOUR) == set()
        AlertRule.objects.filter(launch=launch).delete()
        assert look(NOW + 18 * HOUR) == {Kind.OVERSPEND}

    def test_one_that_is_switched_off_ends_its_alert(self, launch):
        spend("30.00")
        assert look(NOW + 20 * HOUR) == {Kind.OVERSPEND}
        set_rule(Kind.OVERSPEND, 10, launch=launch, is_on=False)
        assert look(NOW + 20 * HOUR) == set()

    def test_the_shipped_ones_stand_in_the_admin_and_what_a_person_set_stays(self):
        set_rule(Kind.BOUNCES, 9)
        ensure_rules(using="default")
        found = dict(AlertRule.objects.values_list("kind", "threshold"))
        assert found == {kind: rule.threshold for kind, rule in SHIPPED.items()} | {"bounces": 9}

    @pytest.mark.parametrize(
        ("kind", "threshold", "fault"),
        [(Kind.OVERSPEND, 0, "percent"), (Kind.OVERSPEND, 100, "percent"),
         (Kind.SITE_SILENCE, 0, "minutes")],
    )  # fmt: skip
    def test_a_limit_that_means_nothing_is_named(self, kind, threshold, fault):
        assert fault in fault_of(kind, threshold, launch=None)

    def test_the_site_has_no_rule_for_one_launch(self, launch):
        assert "as a whole" in fault_of(Kind.SITE_SILENCE, 60, launch=launch)


class TestAdmin:
    @pytest.fixture
    def ana(self) -> Client:
        user = get_user_model().objects.create_user("ana", is_staff=True)
        user.groups.add(Group.objects.get(name="marketer"))
        client = Client()
        client.force_login(user)
        return client

    def test_a_marketer_gives_a_launch_a_limit_of_its_own(self, launch, ana):
        address = reverse("admin:launchopt_campaigns_alertrule_add")
        asked = {"kind": "overspend", "launch": str(launch.pk), "threshold": "60", "is_on": "on"}
        assert ana.post(address, asked).status_code == 302
        assert AlertRule.objects.get(launch=launch).threshold == 60
        entry = AuditEntry.objects.get(action="set_alert_rule")
        assert (entry.actor, entry.subject) == ("ana", f"launch:{launch.pk}")
        page = ana.get(reverse("admin:launchopt_campaigns_alertrule_changelist")).content.decode()
        assert "60 %" in page
        assert "all launches" in page

    def test_a_limit_that_means_nothing_is_named_beside_its_field(self, launch, ana):
        address = reverse("admin:launchopt_campaigns_alertrule_add")
        asked = {"kind": "site_silence", "launch": str(launch.pk), "threshold": "60"}
        assert "watched as a whole" in ana.post(address, asked).content.decode()

    def test_limits_of_all_launches_are_changed_but_not_deleted(self, ana):
        set_rule(Kind.OVERSPEND, 10)
        rule = AlertRule.objects.get(kind=Kind.OVERSPEND, launch=None)
        names = ("change", "delete")
        change, delete = (
            reverse(f"admin:launchopt_campaigns_alertrule_{name}", args=[rule.pk]) for name in names
        )
        assert ana.post(change, {"threshold": "15"}).status_code == 302
        rule.refresh_from_db()
        assert (rule.threshold, rule.is_on) == (15, False)
        assert ana.get(delete).status_code == 403

    def test_open_alerts_stand_on_the_start_page_and_on_the_launch_s(self, launch, ana):
        assert "None is open" in ana.get("/admin/").content.decode()
        spend("30.00")
        look(NOW + 20 * HOUR)
        words = "£30.00 spent or promised by 2026-03-03 05:00 UTC, where the plan has £20.00."
        page = reverse("admin:launchopt_campaigns_launch_change", args=[launch.pk])
        for address in ("/admin/", page):
            assert words in ana.get(address).content.decode()

    def test_is_looked_after_muted_and_resolved_from_the_list(self, launch, ana):
        spend("30.00")
        look(NOW + 20 * HOUR)
        alert = Alert.objects.get()
        address = reverse("admin:launchopt_operations_alert_changelist")
        for action in ("acknowledge", "mute_week", "resolve"):
            ana.post(address, {"action": action, "_selected_action": [str(alert.pk)]})
        alert.refresh_from_db()
        assert alert.acknowledged_by == "ana"
        assert alert.muted_until is not None
        assert not alert.is_open
        page = ana.get(reverse("admin:launchopt_operations_alert_change", args=[alert.pk]))
        assert "looked after" in page.content.decode()

    def test_who_may_not_see_alerts_sees_no_panel(self, launch):
        client = Client()
        client.force_login(get_user_model().objects.create_user("bob", is_staff=True))
        assert "launchopt-alerts" not in client.get("/admin/").content.decode()
