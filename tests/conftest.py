"""What every test has: real PostgreSQL and Redis, and, on request, a real Celery worker."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from hypothesis import settings

from tests.support.worker import Worker

ROOT = Path(__file__).resolve().parent.parent

# A machine that is busy is not a fault of the rule.
settings.register_profile("launchopt", deadline=None)
settings.load_profile("launchopt")


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """No test finds what another left in the cache."""
    yield
    cache.clear()
    for name in ("themes", "reason_lines"):
        if module := sys.modules.get(f"launchopt.audiences.{name}"):
            module.SHOWN.drop()


@pytest.fixture(scope="session")
def _worker_process(django_db_setup: None) -> Iterator[Worker]:
    """One worker for the session: to start it takes seconds, and it keeps its models loaded."""
    worker = Worker()
    yield worker
    worker.stop()


@pytest.fixture
def real_worker(transactional_db: None, _worker_process: Worker) -> Iterator[Worker]:
    """A Celery worker in its own process on the test's database, with empty queues.

    The test commits for real, so what it sends on commit is worked on. Use
    `real_worker.wait_until(lambda: ...)` to wait for what the task writes, and
    `real_worker.kill()` to end it in the middle; the next test gets a new one.
    """
    _worker_process.empty_queues()
    _worker_process.start()
    yield _worker_process
    # The task at hand must not write into the next test's database.
    _worker_process.empty_queues()
    _worker_process.wait_until_idle()


@pytest.fixture
def no_worker(_worker_process: Worker) -> Iterator[None]:
    """Nobody takes the tasks that the test sends: it does the work itself, or leaves it undone."""
    _worker_process.stop()
    yield
    _worker_process.empty_queues()
