"""`make serve`: up together, down together, and no task lost on the way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launchopt_project import embedded
from launchopt_project.celery import app
from launchopt_project.embedded import Home
from launchopt_project.supervisor.prepare import give_back_tasks

ROOT = Path(__file__).resolve().parents[2]
QUEUE = "cpu"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def serve(home: Home, *, port: int) -> subprocess.Popen[str]:
    """The command of `make serve`, on a shop of its own."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL"}
    }
    environment |= {"LAUNCHOPT_HOME": str(home.path), "LAUNCHOPT_WEB_WORKERS": "1"}
    environment |= {"DJANGO_SETTINGS_MODULE": "launchopt_project.settings"}
    return subprocess.Popen(
        [sys.executable, "-m", "launchopt_project.supervisor", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_until(is_true: Callable[[], bool], *, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "this took too long"
        time.sleep(0.2)


def children_of(pid: int) -> dict[int, str]:
    """The processes that this one started, with their command lines."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # it has ended meanwhile
        if parent == str(pid):
            found[int(folder.name)] = words
    return found


def worker_of(pid: int, *, queue: str) -> int:
    """The worker of this queue under this supervisor; 0 while there is none."""
    children = children_of(pid).items()
    return next((child for child, words in children if f" -Q {queue} " in words), 0)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = Home.at(tmp_path_factory.mktemp("serve") / "home")
    for ancestor in list(home.path.parents)[:3]:
        ancestor.chmod(ancestor.stat().st_mode | 0o001)
    yield home
    embedded.stop(home)


class TestServe:
    def test_gets_ready_serves_and_stops_without_a_trace(self, shop):
        port = free_port()
        server = serve(shop, port=port)
        try:
            wait_until(lambda: status_of(f"http://127.0.0.1:{port}/readyz") == 200)
            assert status_of(f"http://127.0.0.1:{port}/static/admin/css/base.css") == 200
            assert status_of(f"http://127.0.0.1:{port}/admin/login/") == 200
            family = children_of(server.pid)
            assert len(family) == 4

            second = serve(shop, port=free_port())
            words, _ = second.communicate(timeout=60)
            assert second.returncode == 1
            assert f"served already (process {server.pid})" in words

            dead = worker_of(server.pid, queue="cpu")
            os.kill(dead, signal.SIGKILL)
            wait_until(lambda: worker_of(server.pid, queue="cpu") not in (0, dead))
        finally:
            server.send_signal(signal.SIGTERM)
            server.send_signal(signal.SIGINT)  # as when make and the terminal both tell it
            words, _ = server.communicate(timeout=60)
        assert server.returncode == 0, words
        assert "cpu ended with code -9; starting it again" in words
        assert "Traceback" not in words
        assert not any(Path(f"/proc/{pid}").exists() for pid in family)

    def test_refuses_a_port_that_is_taken(self, shop):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            server = serve(shop, port=taken.getsockname()[1])
            words, _ = server.communicate(timeout=60)
        assert server.returncode == 1
        assert "is taken" in words
        assert "Traceback" not in words


class TestGiveBackTasks:
    @pytest.fixture(autouse=True)
    def _empty(self, _worker_process) -> None:
        _worker_process.stop()
        _worker_process.empty_queues()

    def test_what_a_killed_worker_held_is_on_its_queue_again(self):
        app.send_task("launchopt.maintenance.rescue_runs", queue=QUEUE)
        self._take_and_die()
        with app.connection_for_write() as connection:
            assert connection.default_channel.client.llen(QUEUE) == 0
        assert give_back_tasks() == 1
        with app.connection_for_write() as connection:
            assert connection.default_channel.client.llen(QUEUE) == 1

    def test_gives_back_nothing_where_nothing_is_held(self):
        assert give_back_tasks() == 0

    def _take_and_die(self) -> None:
        """Another process takes the task and is killed before it can acknowledge it."""
        program = (
            "import os\n"
            "from launchopt_project.celery import app\n"
            "channel = app.connection_for_write().default_channel\n"
            f"assert channel.basic_get('{QUEUE}', no_ack=False)\n"
            "os.kill(os.getpid(), 9)\n"
        )
        finished = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
        assert finished.returncode == -signal.SIGKILL
