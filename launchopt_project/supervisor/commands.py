"""The processes of the stack, as command lines."""

from __future__ import annotations

import os
import sys

from launchopt_project.embedded import Home
from launchopt_project.supervisor.process import Command

WORKER_OPTIONS = ["--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
# One reader of weights; the hub is never asked, and forked tokenizers complain. Threads that wait
# sleep: spinning beside other processes makes training several times slower.
MODEL_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "OMP_WAIT_POLICY": "PASSIVE",
}


# In a container root is the usual user; nine lines of warning at each start help nobody there.
QUIET_ROOT = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser:UserWarning"}


def stack_commands(home: Home, *, port: int, has_beat: bool) -> list[Command]:
    """Web, the two workers and, unless time is simulated, beat."""
    beat = [_beat()] if has_beat else []
    return [_web(home, port=port), _gpu_worker(), _cpu_worker(), *beat]


def prepare() -> Command:
    """What must be done before anything serves: migrations and static files."""
    return Command("prepare", [sys.executable, "-m", "launchopt_project.supervisor.prepare"])


def _web(home: Home, *, port: int) -> Command:
    words = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"]
    words += ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    words += ["--workers", os.environ.get("LAUNCHOPT_WEB_WORKERS", "2"), "--blocking-threads", "2"]
    words += ["--respawn-failed-workers", "--workers-kill-timeout", "10"]
    words += ["--static-path-route", "/static", "--static-path-mount", str(home.static)]
    return Command("web", [*words, "launchopt_project.wsgi:application"], {"LAUNCHOPT_ROLE": "web"})


def _gpu_worker() -> Command:
    # Forking after torch has started its threads hangs or doubles memory: hence solo.
    return _worker("gpu", ["-P", "solo", "-c", "1"], environment=MODEL_ENVIRONMENT)


def _cpu_worker() -> Command:
    processes = os.environ.get("LAUNCHOPT_CPU_WORKERS", "2")
    return _worker("cpu", ["-P", "prefork", "-c", processes], environment={})


def _worker(queue: str, pool: list[str], *, environment: dict[str, str]) -> Command:
    words = [sys.executable, "-m", "celery", "--app", "launchopt_project", "--quiet", "worker"]
    words += ["-Q", queue, "-n", f"{queue}@%h", *pool, *WORKER_OPTIONS]
    return Command(
        queue, words, {"LAUNCHOPT_ROLE": "worker"} | QUIET_ROOT | environment, is_worker=True
    )


def _beat() -> Command:
    words = [sys.executable, "-m", "celery", "--app", "launchopt_project", "--quiet", "beat"]
    return Command(
        "beat", [*words, "--pidfile=", "--loglevel", "WARNING"], {"LAUNCHOPT_ROLE": "worker"}
    )
