"""`/healthz` says that the process lives; `/readyz` names what is down."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from launchopt.jobs import Queue
from launchopt.operations import heartbeats
from launchopt.operations.api import health
from launchopt_project.celery import app


@pytest.fixture
def everybody_works(db) -> None:
    heartbeats.give_sign([queue.value for queue in Queue], now=timezone.now())


class TestHealthz:
    def test_answers_without_the_database(self, client):
        response = client.get(reverse("launchopt:healthz"))
        assert (response.status_code, response.json()) == (200, {"status": "ok"})

    def test_only_reads(self, client):
        assert client.post(reverse("launchopt:healthz")).status_code == 405


class TestReadyz:
    def test_is_ready_when_all_is_up(self, client, everybody_works):
        response = client.get(reverse("launchopt:readyz"))
        assert response.status_code == 200
        assert response.json()["down"] == []

    def test_names_the_queue_that_nobody_works_on(self, client, everybody_works):
        heartbeats.take_leave(["gpu"])
        response = client.get(reverse("launchopt:readyz"))
        assert response.status_code == 503
        assert response.json()["down"] == ["workers"]
        assert response.json()["checks"]["workers"] == "nobody works on gpu"

    def test_names_what_raises_and_hides_why(self, client, everybody_works, monkeypatch):
        def broken() -> str:
            raise ConnectionError("redis://user:password@host is away")

        monkeypatch.setitem(health.PROBES, "broker", broken)
        response = client.get(reverse("launchopt:readyz"))
        assert response.status_code == 503
        assert response.json()["checks"]["broker"] == "down"
        assert "password" not in response.content.decode()

    def test_names_a_broker_that_is_away(self, client, everybody_works, monkeypatch):
        monkeypatch.setattr(app.conf, "broker_write_url", "redis+socket:///nowhere/redis.sock")
        response = client.get(reverse("launchopt:readyz"))
        assert response.json()["down"] == ["broker"]


class TestHeartbeats:
    def test_a_sign_dies_with_its_worker(self, db, settings):
        settings.LAUNCHOPT = {**settings.LAUNCHOPT, "HEARTBEAT_SECONDS": 0}
        heartbeats.give_sign(["gpu", "cpu"], now=timezone.now())
        assert heartbeats.silent_queues() == ["gpu", "cpu"]
