"""Shards in other processes: one is killed in the middle, and none of its shards is lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection

from launchopt import jobs
from launchopt.audiences.models import InterestScore, ScoredShard
from launchopt.catalog.models import Product
from launchopt.operations.models import Run
from launchopt_workers.prediction import (
    sharding,
    tasks,  # noqa: F401 - registers the bodies
)
from launchopt_workers.running import run_here
from tests.support.tastes import AS_OF, store_tastes
from tests.workers.test_prediction_worker import add_customers

SHARDS = Run.objects.filter(job=jobs.SCORE_SHARD.name)


class TestWorkers:
    def test_one_killed_in_a_shard_is_followed_by_one_that_takes_it_up(
        self, real_worker, settings, monkeypatch
    ):
        settings.LAUNCHOPT = {**settings.LAUNCHOPT, "SCORING_SHARD": 1_500}
        monkeypatch.setattr(sharding, "work_on_run", lambda *_: None)  # others do every shard
        store_tastes(customers=30, products=24)
        add_customers(12_000)
        wanted = list(Product.objects.order_by("pk").values_list("pk", flat=True))
        with meanwhile(lambda: kill_and_start_again(real_worker)):
            arguments = {"product_ids": wanted, "as_of": AS_OF.isoformat(), "horizon_days": 30}
            report = run_here(jobs.SCORE_INTEREST, **arguments)
        real_worker.stop()  # what the killed one held would come back in hours
        assert report["scores"] == InterestScore.objects.count() == 12_030 * len(wanted)
        assert set(SHARDS.values_list("state", flat=True)) == {Run.State.SUCCEEDED}
        assert sorted(SHARDS.values_list("attempt", flat=True)) == [1] * 8 + [2]


@contextmanager
def meanwhile(action) -> Iterator[None]:
    """Do something else until the block has ended; its errors are raised here."""

    def alone() -> None:
        try:
            action()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(alone)
        yield
        done.result()


def kill_and_start_again(worker) -> None:
    """Kill a worker at work on a shard; its silence is made long, so that no test waits for it."""
    at_work = SHARDS.filter(state=Run.State.RUNNING)
    try:
        worker.kill_while(lambda: ScoredShard.objects.exists() and at_work.exists())
        lost = at_work.get()
        long_ago = lost.heartbeat_at - timedelta(minutes=5)
        Run.objects.filter(pk=lost.pk).update(heartbeat_at=long_ago)
    finally:
        worker.start()  # else who waits for the shards would wait for ever
