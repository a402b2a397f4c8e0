"""A launch spends too much: its people are told once, also where the worker is killed in the middle
of telling them, and told again when it is over. The worker and the mail server are real."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from django.db import transaction
from django.utils import timezone

from launchopt import jobs, testing
from launchopt.campaigns.models import Campaign
from launchopt.operations.models import Alert, AlertNotice
from tests.campaigns.test_mailing import Postbox, free_port
from tests.support.worker import Worker

HOUR = timedelta(hours=1)


class SlowPostbox(Postbox):
    """It has the first message already while the sender still waits for its word."""

    async def handle_DATA(self, server, session, envelope):
        answer = await super().handle_DATA(server, session, envelope)
        if len(self.taken) == 1:
            await asyncio.sleep(30)
        return answer


@pytest.fixture
def post() -> Iterator[SlowPostbox]:
    box = SlowPostbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    box.port = controller.port
    yield box
    controller.stop()


@pytest.fixture
def worker(post, transactional_db, no_worker, monkeypatch) -> Iterator[Worker]:
    """One that knows the mail server and whom to tell."""
    monkeypatch.setenv("EMAIL_URL", f"smtp://127.0.0.1:{post.port}")
    monkeypatch.setenv("LAUNCHOPT_ALERT_EMAILS", "ops@shop.example")
    monkeypatch.setenv("LAUNCHOPT_SITE_URL", "https://shop.example")
    own = Worker()
    own.start()
    yield own
    own.stop()


def tick(*, times: int = 1) -> None:
    """As beat sends them; twice where a tick is delivered twice."""
    with transaction.atomic():
        for _ in range(times):
            jobs.send(jobs.WATCH_LAUNCHES)
            jobs.send(jobs.TELL_ALERTS)


def test_an_overspent_launch_is_told_once_and_its_end_too(worker, post):
    now = timezone.now() - 12 * HOUR
    testing.make_running_launch(
        product=testing.make_product(now=now),
        customers=testing.make_customers(2, now=now),
        now=now,
        days=1,
    )
    Campaign.objects.update(spent=Decimal("90.00"))  # of 100.00, half of the time
    tick(times=2)
    worker.kill_while(lambda: len(post.taken) == 1)
    assert [notice.state for notice in AlertNotice.objects.all()] == ["attempted"]
    alert = Alert.objects.get(code="overspend")
    assert f"https://shop.example/admin/launchopt_operations/alert/{alert.pk}/" in text_of(post)

    worker.empty_queues()
    tick(times=3)
    worker.start()
    worker.wait_until_idle()
    assert (Alert.objects.count(), len(post.taken)) == (1, 1)

    Campaign.objects.update(spent=Decimal("50.00"))
    tick(times=2)
    worker.wait_until(lambda: len(post.taken) == 2)
    assert [m["Subject"] for m in post.taken] == [
        "[LaunchOpt] Warning: Overspend",
        "[LaunchOpt] Over: Overspend",
    ]
    alert.refresh_from_db()
    assert alert.resolved_at is not None
    worker.wait_until_idle()
    told = AlertNotice.objects.values_list("about", "state")
    assert list(told) == [("opened", "attempted"), ("resolved", "sent")]


def text_of(post: Postbox) -> str:
    message: EmailMessage = post.taken[-1]
    return str(message_from_bytes(message.as_bytes(), policy=policy.default).get_content())
