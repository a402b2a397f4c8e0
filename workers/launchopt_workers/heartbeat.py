"""A worker's sign of life: a thread, because a solo worker answers no ping while it works."""

from __future__ import annotations

import logging
import threading
from typing import Any

from celery.signals import worker_ready, worker_shutdown, worker_shutting_down
from django.utils import timezone

from launchopt.conf import launchopt_settings
from launchopt.operations import heartbeats

logger = logging.getLogger(__name__)


class Heartbeat(threading.Thread):
    """Gives a sign for the worker's queues at each interval, until told to stop."""

    def __init__(self, queues: list[str]) -> None:
        super().__init__(name="launchopt-heartbeat", daemon=True)
        self.queues = queues
        self._stopped = threading.Event()

    def run(self) -> None:
        """Give signs; a cache that is away is waited for."""
        while not self._stopped.is_set():
            try:
                heartbeats.give_sign(self.queues, now=timezone.now())
            except Exception as error:
                logger.warning("No sign of life could be given: %s", error)
            self._stopped.wait(launchopt_settings().heartbeat_seconds)

    def stop(self) -> None:
        """Stop, and say so, that readiness falls at once."""
        self._stopped.set()
        self.join(timeout=5)
        try:
            heartbeats.take_leave(self.queues)
        except Exception as error:
            logger.warning("Leave could not be taken: %s", error)


_heartbeats: list[Heartbeat] = []
_stopping = threading.Event()


def is_stopping() -> bool:
    """Whether this worker was asked to stop: a long task may end at its next step and be resent."""
    return _stopping.is_set()


@worker_ready.connect(dispatch_uid="launchopt.heartbeat")
def _start(sender: Any, **_: object) -> None:
    heartbeat = Heartbeat(sorted(sender.app.amqp.queues.consume_from))
    heartbeat.start()
    _heartbeats.append(heartbeat)


@worker_shutting_down.connect(dispatch_uid="launchopt.heartbeat")
def _note_stop(**_: object) -> None:
    _stopping.set()


@worker_shutdown.connect(dispatch_uid="launchopt.heartbeat")
def _stop(**_: object) -> None:
    while _heartbeats:
        _heartbeats.pop().stop()
