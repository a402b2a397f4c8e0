"""Whether this process lives, and whether everything it needs is up. Answers need no API key."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from launchopt import jobs
from launchopt.operations import heartbeats

logger = logging.getLogger(__name__)

UP = "up"


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """This process answers; it says nothing of what stands behind it."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when all is up; 503 naming what is down."""
    states = {name: _state_of(name, probe) for name, probe in PROBES.items()}
    down = [name for name, state in states.items() if state != UP]
    body = {"status": "not ready" if down else "ready", "down": down, "checks": states}
    response = JsonResponse(body, status=503 if down else 200)
    # Whoever polls would fill the log and the administrators' mail with errors of the request.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _state_of(name: str, probe: Callable[[], str]) -> str:
    try:
        return probe()
    except Exception as error:
        # The reason stands in the log: an address or a user's name is no answer to a stranger.
        logger.warning("%s is down: %s", name, error)
        return "down"


def _database() -> str:
    # A connection of its own: a pool would wait for one, longer than whoever asks.
    parameters = connection.get_connection_params() | {"connect_timeout": 2}
    connection.Database.connect(**parameters).close()
    return UP


def _migrations() -> str:
    _database()
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(missing)} to apply: run `manage.py migrate`" if missing else UP


def _broker() -> str:
    jobs.reach_broker(timeout_seconds=2)
    return UP


def _cache() -> str:
    cache.get("launchopt.readiness")
    return UP


def _workers() -> str:
    silent = heartbeats.silent_queues()
    return f"nobody works on {' and '.join(silent)}" if silent else UP


PROBES: dict[str, Callable[[], str]] = {
    "database": _database,
    "broker": _broker,
    "cache": _cache,
    "migrations": _migrations,
    "workers": _workers,
}
