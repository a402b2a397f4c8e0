"""Signs of life of the workers, kept in the cache: all that the web knows of who is working.

A worker that has died says nothing, so a sign lives only as long as three of its intervals.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.core.cache import cache

from launchopt.conf import launchopt_settings
from launchopt.jobs import Queue

SIGNS_KEPT = 3


def _key(queue: str) -> str:
    return f"launchopt.heartbeat.{queue}"


def give_sign(queues: Iterable[str], *, now: datetime) -> None:
    """Say that a worker of these queues is alive at this instant."""
    lifetime = SIGNS_KEPT * launchopt_settings().heartbeat_seconds
    cache.set_many({_key(queue): now.isoformat() for queue in queues}, timeout=lifetime)


def take_leave(queues: Iterable[str]) -> None:
    """Say that a worker of these queues has stopped; another one's next sign corrects it."""
    cache.delete_many([_key(queue) for queue in queues])


def silent_queues() -> list[str]:
    """The queues that nobody works on."""
    alive = cache.get_many([_key(queue) for queue in Queue])
    return [queue.value for queue in Queue if _key(queue) not in alive]
