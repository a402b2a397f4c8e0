"""A real worker tells other systems, and one that is killed in the middle loses nothing."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.db import transaction
from django.utils import timezone

from launchopt.operations.models import WebhookDelivery, WebhookEndpoint
from launchopt.operations.webhooks import tell
from launchopt.operations.webhooks.sending import send_due
from launchopt.operations.webhooks.signing import new_secret
from tests.support.webhooks import LOCAL, receiver

SECRET = new_secret()


@pytest.fixture
def local_worker(transactional_db, _worker_process, settings, monkeypatch):
    """A worker that may reach receivers on this machine, as this process may."""
    settings.LAUNCHOPT = settings.LAUNCHOPT | LOCAL
    _worker_process.stop()
    _worker_process.empty_queues()
    monkeypatch.setenv("LAUNCHOPT_WEBHOOK_NETWORKS", ",".join(LOCAL["WEBHOOK_NETWORKS"]))
    monkeypatch.setenv("LAUNCHOPT_WEBHOOK_ALLOW_HTTP", "1")
    _worker_process.start()
    yield _worker_process
    _worker_process.kill()  # the next test's worker reaches none


def test_one_killed_in_the_middle_is_told_again_with_the_same_id(local_worker, tmp_path):
    with receiver(tmp_path, secret=SECRET, mode="hangs:1") as there:
        now = timezone.now()
        WebhookEndpoint.objects.create(
            name="shop", url=there.url, events=["alert.opened"], secret=SECRET, created_at=now
        )
        with transaction.atomic():
            tell("alert.opened", {"alert": "A"}, key="A", now=now)
            assert there.told() == []  # nothing leaves before it is true
        local_worker.wait_until(there.told)
        local_worker.kill()
        row = WebhookDelivery.objects.get()
        assert (row.state, row.attempts, row.is_doubtful) == ("waiting", 1, True)

        for minutes in (1, 2):  # too early, then taken over
            later = now + timedelta(minutes=minutes)
            send_due(clock=lambda at=later: at, rng=np.random.default_rng(0))
    first, second = there.told()
    row.refresh_from_db()
    assert first["id"] == second["id"] == str(row.pk)
    assert first["body"] == second["body"]
    assert second["is_genuine"]
    assert (row.state, row.attempts) == ("delivered", 2)
