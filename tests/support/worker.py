"""A Celery worker for tests: a process of its own, on the test's database and queue."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from launchopt.jobs import Queue
from launchopt.operations import heartbeats
from launchopt_project.celery import app
from launchopt_project.supervisor.process import end_with_parent

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60


class Worker:
    """Works on all queues, one task after the other. Its words are kept for a failing test."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._log = TemporaryFile()  # noqa: SIM115 - kept as long as the worker

    def start(self) -> None:
        """Start it where none runs, and wait until it takes tasks."""
        if self.is_running():
            return
        heartbeats.take_leave([queue.value for queue in Queue])
        queues = ",".join(queue.value for queue in Queue)
        words = [sys.executable, "-m", "celery", "-A", "launchopt_project", "-q", "worker"]
        words += ["-P", "solo", "-Q", queues, "--without-gossip", "--without-mingle"]
        self._process = subprocess.Popen(
            words,
            cwd=ROOT,
            env=self._environment(),
            stdout=self._log,
            stderr=self._log,
            preexec_fn=end_with_parent,  # a run of tests that is killed leaves no worker behind
        )
        self.wait_until(lambda: not heartbeats.silent_queues(), seconds=START_SECONDS)

    def is_running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Let the task at hand finish, then stop."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as the kernel does when memory runs out."""
        self._end(signal.SIGKILL)

    def kill_while(self, is_true: Callable[[], object], *, seconds: float = 60) -> None:
        """Kill it at an instant when this is true; it is held still to look once more before."""

        def holds_still() -> bool:
            assert self._process is not None
            if not is_true():
                return False
            self._process.send_signal(signal.SIGSTOP)
            if is_true():
                return True
            self._process.send_signal(signal.SIGCONT)
            return False

        self.wait_until(holds_still, seconds=seconds)
        self.kill()

    def wait_until(self, is_true: Callable[[], object], *, seconds: float = 30) -> None:
        """Wait until this is true; fail with the worker's words where it stays false."""
        deadline = time.monotonic() + seconds
        while not is_true():
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"Not so after {seconds:.0f} s. The worker said:\n{self.words()}"
                )
            time.sleep(0.05)

    def words(self) -> str:
        """The end of what the worker has said so far."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-6000:]

    def waiting_tasks(self) -> int:
        """How many tasks wait or are at work."""
        with app.connection_for_write() as broker:
            channel = broker.default_channel
            waiting = sum(channel.client.llen(queue.value) for queue in Queue)
            return waiting + channel.client.hlen(channel.unacked_key)

    def wait_until_idle(self, *, seconds: float = 60) -> None:
        """Wait until nothing waits and nothing is at work."""
        if self.is_running():
            self.wait_until(lambda: self.waiting_tasks() == 0, seconds=seconds)

    def empty_queues(self) -> None:
        """Forget every task that waits; and, where no worker runs, those of killed ones."""
        with app.connection_for_write() as broker:
            channel = broker.default_channel
            for queue in Queue:
                channel.queue_purge(queue.value)
            if not self.is_running():
                channel.client.delete(channel.unacked_key, channel.unacked_index_key)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
            self._process.wait(timeout=60)
        self._process = None

    def _environment(self) -> dict[str, str]:
        database = connection.settings_dict
        port = f":{database['PORT']}" if database["PORT"] else ""
        host = quote(database["HOST"], safe="") + port
        address = (
            f"postgres://{quote(database['USER'])}:{quote(database['PASSWORD'])}"
            f"@{host}/{database['NAME']}"
        )
        return os.environ | {
            "DATABASE_URL": address,
            "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
            "CACHE_URL": settings.CACHES["default"]["LOCATION"],
            "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
            "LAUNCHOPT_ROLE": "worker",
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
        }
