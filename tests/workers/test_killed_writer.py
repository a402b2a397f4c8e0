"""A real worker killed while it writes: no creative is half there, and another one goes on."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from launchopt import jobs
from launchopt.campaigns import creatives
from launchopt.campaigns.models import Campaign, Creative
from launchopt.operations.models import Run
from launchopt.operations.runs import request_run, rescue_lost_runs
from launchopt_core.claims import CHANNELS, content_hash
from tests.support.copy_servers import copy_server
from tests.support.mugs import audience_of, make_mug, mug_launch


@pytest.fixture
def slow_worker(real_worker, tmp_path, monkeypatch):
    """A worker whose words come from a server that takes a second for each answer."""
    with copy_server(tmp_path, mode="slow") as server:
        real_worker.kill()
        monkeypatch.setenv("LAUNCHOPT_WRITERS", "creatives=openai")
        monkeypatch.setenv("LAUNCHOPT_COPY_SERVER", server.address)
        real_worker.start()
        yield real_worker
        real_worker.kill()  # the next test's worker asks no server


def test_leaves_no_creative_half_written_and_the_next_one_goes_on(slow_worker):
    launch = mug_launch(make_mug())
    for _ in range(2):
        audience = audience_of([])
        for channel in CHANNELS:
            Campaign.objects.create(
                launch=launch, audience=audience, channel=channel, cost_per_contact=Decimal("0.02")
            )
    run = request_run(
        job=jobs.WRITE_CREATIVES, arguments={"launch_id": str(launch.pk)}, now=timezone.now()
    )
    slow_worker.wait_until(Creative.objects.exists, seconds=60)
    slow_worker.kill()
    first = set(Creative.objects.values_list("pk", flat=True))
    assert len(first) == 8  # one of two lots of places, whole
    assert Run.objects.get(pk=run.pk).state == Run.State.RUNNING

    slow_worker.empty_queues()
    rescue_lost_runs(now=timezone.now() + timedelta(minutes=2))
    slow_worker.start()
    slow_worker.wait_until(
        lambda: Run.objects.get(pk=run.pk).state == Run.State.SUCCEEDED, seconds=60
    )
    written = list(Creative.objects.all())
    assert len(written) == 10
    assert first < {creative.pk for creative in written}
    for creative in written:
        assert (creative.writer, creative.fallback_reason) == ("openai", "")
        assert creative.content_hash == content_hash(creatives.draft_of(creative))
        assert all(claim["support"] for claim in creative.claims)
