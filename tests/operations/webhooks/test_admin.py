"""Endpoints as a person and a program see them: a secret shown once, faults named."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth import get_user_model
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from launchopt.operations.models import AuditEntry, WebhookDelivery, WebhookEndpoint
from launchopt.operations.webhooks import endpoints
from tests.support.api import by_key, by_person

pytestmark = pytest.mark.django_db
PUBLIC = "https://8.8.8.8/hook"
ADD = reverse("admin:launchopt_operations_webhookendpoint_add")
LIST = reverse("admin:launchopt_operations_webhookendpoint_changelist")
DELIVERIES = reverse("admin:launchopt_operations_webhookdelivery_changelist")
TERMS = {"name": "warehouse", "url": PUBLIC, "events": ["launch.started", "alert.opened"]}


def an_endpoint(**fields: object) -> WebhookEndpoint:
    return endpoints.create_endpoint(**TERMS | fields, now=timezone.now())


def said(page) -> str:
    return " ".join(str(message) for message in get_messages(page.wsgi_request))


class TestAdmin:
    def test_shows_the_secret_of_a_new_endpoint_once(self, admin_client):
        page = admin_client.post(ADD, TERMS)
        endpoint = WebhookEndpoint.objects.get()
        assert endpoint.secret in said(page)
        assert endpoint.events == TERMS["events"]
        admin_client.get(LIST)
        change = reverse("admin:launchopt_operations_webhookendpoint_change", args=[endpoint.pk])
        assert endpoint.secret not in admin_client.get(change).content.decode()
        assert endpoint.secret not in json.dumps(list(AuditEntry.objects.values("after")))

    def test_names_a_private_address_in_the_form(self, admin_client):
        page = admin_client.post(ADD, TERMS | {"url": "https://169.254.169.254/latest"})
        [fault] = page.context["adminform"].form.errors["url"]
        assert "169.254.169.254, which is not on the public internet" in fault
        assert not WebhookEndpoint.objects.exists()

    def test_the_page_sends_a_test_and_makes_a_secret(self, admin_client, no_worker):
        endpoint = an_endpoint()
        change = reverse("admin:launchopt_operations_webhookendpoint_change", args=[endpoint.pk])
        terms = TERMS | {"is_active": "on"}
        assert "on its way" in said(admin_client.post(change, terms | {"_test": "1"}))
        assert WebhookDelivery.objects.get().event == "webhook.test"
        page = admin_client.post(change, terms | {"_secret": "1"})
        before = endpoint.secret
        endpoint.refresh_from_db()
        assert endpoint.previous_secret == before != endpoint.secret
        assert endpoint.secret in said(page)

    def test_deliveries_are_masked_and_sent_again(self, admin_client, no_worker):
        endpoint = an_endpoint()
        row = WebhookDelivery.objects.create(
            endpoint=endpoint,
            event="message.decided",
            key="D",
            body='{"data":{"customer":"anna@example.org"}}',
            response_start="no mailbox anna@example.org",
            state="given_up",
            created_at=timezone.now(),
            next_attempt_at=timezone.now(),
        )
        address = reverse("admin:launchopt_operations_webhookdelivery_change", args=[row.pk])
        assert "anna@example.org" in admin_client.get(address).content.decode()
        operator = by_person("operator").client
        get_user_model().objects.update(is_staff=True)
        masked = operator.get(address).content.decode()
        assert "anna@example.org" not in masked
        assert "no mailbox •••" in masked
        action = {"action": "resend", "_selected_action": [str(row.pk)]}
        admin_client.post(DELIVERIES, action)
        row.refresh_from_db()
        assert (row.state, row.attempts) == ("waiting", 0)
        assert "waits to be sent already" in said(admin_client.post(DELIVERIES, action))


class TestRest:
    def test_an_operator_makes_changes_and_tests_an_endpoint(self, no_worker):
        operator = by_key("operator")
        made = operator.post("webhooks/", TERMS)
        assert made.status_code == 201
        assert made.json()["secret"].startswith("whsec_")
        path = f"webhooks/{made.json()['id']}/"
        assert "secret" not in operator.get(path).json()
        changed = operator.patch(path, {"events": ["launch.paused"]})
        assert changed.json()["events"] == ["launch.paused"]
        assert operator.post(f"{path}secret/").json()["secret"] != made.json()["secret"]
        assert operator.post(f"{path}test/").status_code == 202
        [row] = operator.get("webhook-deliveries/?event=webhook.test").json()["results"]
        assert row["payload"]["data"] == {"endpoint": "warehouse"}
        assert operator.post(f"webhook-deliveries/{row['id']}/resend/").status_code == 409

    @pytest.mark.parametrize(
        ("wrong", "pointer"),
        [
            ({"url": "https://10.0.0.1/"}, "/url"),
            ({"url": "http://8.8.8.8/"}, "/url"),
            ({"events": ["launch.exploded"]}, "/events"),
            ({"secret": "mine"}, "/secret"),
        ],
    )
    def test_names_what_is_wrong(self, wrong, pointer):
        answer = by_key("operator").post("webhooks/", TERMS | wrong)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == pointer

    def test_a_name_is_used_once(self):
        an_endpoint()
        answer = by_key("operator").post("webhooks/", TERMS)
        assert answer.status_code in (400, 409)

    def test_an_analyst_looks_and_changes_nothing(self):
        an_endpoint()
        analyst = by_key("analyst")
        assert analyst.get("webhooks/").json()["count"] == 1
        assert analyst.post("webhooks/", TERMS).status_code == 403
