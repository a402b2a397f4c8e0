"""Who may call, and what an error looks like."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from launchopt import jobs
from launchopt.operations import runs, services
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt.operations.models import ApiKey, ModelVersion

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def client_of(group: str) -> APIClient:
    key = services.create_api_key(name=group, group=group, now=timezone.now())
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


class TestApiKeys:
    def test_without_a_key_the_answer_is_401_in_the_one_shape(self):
        answer = APIClient().get("/api/v1/runs/")
        assert answer.status_code == 401
        assert set(answer.json()) == {"type", "title", "status", "detail", "errors"}
        assert answer["WWW-Authenticate"].startswith("Bearer")

    def test_a_wrong_key_is_401(self):
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION="Bearer wrong")
        assert client.get("/api/v1/runs/").status_code == 401

    def test_a_revoked_key_is_401(self):
        client = client_of("analyst")
        services.revoke_api_key(key=ApiKey.objects.get(), now=NOW)
        assert client.get("/api/v1/runs/").status_code == 401

    def test_a_missing_permission_is_403(self):
        run = runs.create_run(job=jobs.RESCUE_RUNS, arguments={}, now=NOW)
        assert client_of("integration").post(f"/api/v1/runs/{run.pk}/cancel/").status_code == 403

    def test_the_key_itself_is_not_kept(self):
        key = services.create_api_key(name="shop", group="integration", now=NOW)
        row = ApiKey.objects.get()
        assert key not in {row.hash, row.prefix, row.name}

    def test_a_name_is_used_once(self):
        services.create_api_key(name="shop", group="integration", now=NOW)
        with pytest.raises(Conflict, match="already"):
            services.create_api_key(name="shop", group="integration", now=NOW)

    def test_an_unknown_group_is_named(self):
        with pytest.raises(InvalidInput, match="integration, marketer"):
            services.create_api_key(name="shop", group="root", now=NOW)


class TestRunsOverRest:
    def test_a_run_shows_how_far_it_is_and_can_be_cancelled(self):
        run = runs.create_run(job=jobs.RESCUE_RUNS, arguments={}, now=NOW)
        client = client_of("marketer")
        assert client.get(f"/api/v1/runs/{run.pk}/").json()["percent"] == 0
        assert client.post(f"/api/v1/runs/{run.pk}/cancel/").json()["state"] == "cancelled"
        assert client.post(f"/api/v1/runs/{run.pk}/cancel/").status_code == 409

    def test_an_unknown_run_is_404(self):
        answer = client_of("analyst").get("/api/v1/runs/00000000-0000-0000-0000-000000000000/")
        assert answer.status_code == 404


class TestModels:
    def test_activating_one_retires_the_other_and_is_audited(self):
        old, new = (ModelVersion.objects.create(name="interest", created_at=NOW) for _ in range(2))
        services.activate_model(version=old, now=NOW)
        answer = client_of("operator").post(f"/api/v1/models/{new.pk}/activate/")
        old.refresh_from_db()
        assert (answer.json()["status"], old.status) == ("active", "retired")
