"""PostgreSQL and Redis that live in a folder of the project and start by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from launchopt_project.embedded import postgres, redis
from launchopt_project.embedded.home import EmbeddedError, Home

__all__ = ["EmbeddedError", "Home", "Services", "start", "stop"]


@dataclass(frozen=True)
class Services:
    """Where the embedded services of a home listen."""

    database_url: str
    broker_url: str
    cache_url: str


def services_of(home: Home) -> Services:
    """The addresses of a home's services, whether they run or not."""
    socket = home.redis_socket
    return Services(
        database_url=f"postgres://postgres@{quote(str(home.sockets), safe='')}/launchopt",
        broker_url=f"redis+socket://{quote(str(socket))}",
        cache_url=f"unix://{quote(str(socket))}?db=1",
    )


def start(home: Home) -> Services:
    """Attach to the services of this home, starting what is not running."""
    start_database(home)
    start_broker(home)
    return services_of(home)


def start_database(home: Home) -> None:
    """Attach to the home's PostgreSQL, starting it if needed. One process starts; others wait."""
    if not postgres.is_running(home):
        with home.lock():
            postgres.start(home)


def start_broker(home: Home) -> None:
    """Attach to the home's Redis, starting it if needed. One process starts; others wait."""
    if not redis.is_running(home):
        with home.lock():
            redis.start(home)


def stop(home: Home) -> None:
    """Stop both services and keep their data."""
    with home.lock():
        redis.stop(home)
        postgres.stop(home)
