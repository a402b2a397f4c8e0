"""The heartbeat of a run: its worker says every few seconds that it lives."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import close_old_connections, connection

from launchopt.conf import launchopt_settings
from launchopt.operations.models import Run


@contextmanager
def heartbeat(run: Run, *, clock: Callable[[], datetime]) -> Iterator[None]:
    """Beat as long as the block is at work."""
    stop = threading.Event()
    thread = threading.Thread(target=_beat, args=(run.pk, run.lease, stop, clock), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)


def _beat(
    run_id: uuid.UUID, lease: uuid.UUID, stop: threading.Event, clock: Callable[[], datetime]
) -> None:
    seconds = launchopt_settings().heartbeat_seconds
    while not stop.wait(seconds):
        try:
            Run.objects.filter(pk=run_id, lease=lease).update(heartbeat_at=clock())
        except Exception:  # a database away for a while is tried again
            close_old_connections()
    connection.close()
