"""The stack: web, workers and beat of one home, started together and stopped together."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from launchopt_project.embedded import Home
from launchopt_project.paths import ROOT, home_path
from launchopt_project.supervisor.commands import prepare, stack_commands
from launchopt_project.supervisor.process import Command, Process

READY_SECONDS = 120
GRACE_SECONDS = 12  # for tasks to finish, before their worker is told to give them back
GIVE_BACK_SECONDS = 6
RESTART_PAUSE_SECONDS = 1.0
QUICK_DEATH_SECONDS = 15
QUICK_DEATHS_BORNE = 4


class StackError(RuntimeError):
    """The stack cannot run here; the message says what to do."""


class Stack:
    """Web, workers and beat, as a context: on entry they are ready, on exit they have stopped.

    >>> with Stack(environment={"LAUNCHOPT_ALLOW_CLIENT_CLOCK": "1"}) as stack:  # doctest: +SKIP
    ...     requests_go_to = stack.url
    """

    def __init__(
        self,
        *,
        port: int | None = None,
        environment: Mapping[str, str] | None = None,
        has_beat: bool = True,
        write: Callable[[str, str], None] | None = None,
    ) -> None:
        """Port None takes a free one; `write(name, line)` gets what the processes say.

        Without `write` their words go to `stack.log` in the home.
        """
        self.home = Home(home_path())
        self.port = port or _free_port()
        self._environment = dict(environment or {})
        self._has_beat = has_beat
        self._write = write or self._log
        self._where_lines_are = "its lines above" if write else f"the lines in {self.log_file}"
        self._processes: list[Process] = []
        self._started_at: dict[str, float] = {}
        self._quick_deaths: dict[str, int] = {}
        self._lock: IO[str] | None = None

    @property
    def url(self) -> str:
        """Where the web answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log_file(self) -> Path:
        return self.home.path / "stack.log"

    def process(self, name: str) -> Process:
        """The running process of this name: web, gpu, cpu or beat."""
        return next(process for process in self._processes if process.name == name)

    def __enter__(self) -> Self:
        self.start()
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Prepare the data, then start every process."""
        self._take_lock()
        try:
            _refuse_taken_port(self.port)
            self._prepare()
        except BaseException:
            self._release_lock()
            raise
        for command in stack_commands(self.home, port=self.port, has_beat=self._has_beat):
            self._launch(command)

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until `/readyz` answers 200, keeping the processes alive meanwhile."""
        deadline = time.monotonic() + seconds
        while (down := self.what_is_down()) and time.monotonic() < deadline:
            self.tend()
            time.sleep(0.1)
        if down:
            raise StackError(f"Not ready after {seconds:.0f} s: {', '.join(down)} is down.")

    def what_is_down(self) -> list[str]:
        """What `/readyz` names as down; nothing when all is up."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return list(json.load(connection.getresponse())["down"])
        except (OSError, http.client.HTTPException, ValueError):
            return ["web"]
        finally:
            connection.close()

    def tend(self) -> None:
        """Start again what has died; raise where it dies again and again."""
        for process in list(self._processes):
            if process.has_ended():
                self._processes.remove(process)
                self._restart(process)

    def stop(self) -> None:
        """Ask all to stop, let tasks finish, have unfinished ones given back, then insist."""
        with _undisturbed():
            self._tell_all(signal.SIGTERM)
            if not self._wait_all(GRACE_SECONDS):
                self._have_tasks_given_back()
            if not self._wait_all(GIVE_BACK_SECONDS):
                self._end_all()
        self._processes.clear()
        self._release_lock()

    def _prepare(self) -> None:
        process = Process(self._with_environment(prepare()), cwd=str(ROOT), write=self._write)
        if not process.wait(300) or process.exit_code != 0:
            process.end()
            raise StackError(
                f"The database could not be prepared; {self._where_lines_are} say why."
            )

    def _launch(self, command: Command) -> None:
        process = Process(self._with_environment(command), cwd=str(ROOT), write=self._write)
        self._processes.append(process)
        self._started_at[command.name] = time.monotonic()

    def _with_environment(self, command: Command) -> Command:
        own = {"LAUNCHOPT_HOME": str(self.home.path)}
        return replace(command, environment={**own, **self._environment, **command.environment})

    def _restart(self, process: Process) -> None:
        name = process.name
        lived = time.monotonic() - self._started_at[name]
        deaths = self._quick_deaths.get(name, 0) + 1 if lived < QUICK_DEATH_SECONDS else 0
        self._quick_deaths[name] = deaths
        if deaths > QUICK_DEATHS_BORNE:
            raise StackError(f"{name} ends as soon as it starts; {self._where_lines_are} say why.")
        self._write("stack", f"{name} ended with code {process.exit_code}; starting it again")
        time.sleep(RESTART_PAUSE_SECONDS)
        self._launch(process.command)

    def _tell_all(self, number: signal.Signals) -> None:
        for process in self._processes:
            process.tell(number)

    def _have_tasks_given_back(self) -> None:
        """Celery's cold shutdown: the unfinished tasks go back to their queue."""
        for process in self._processes:
            if process.command.is_worker:
                process.tell(signal.SIGQUIT)

    def _wait_all(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        return all(process.wait(deadline - time.monotonic()) for process in self._processes)

    def _end_all(self) -> None:
        for process in self._processes:
            if not process.has_ended():
                self._write("stack", f"{process.name} was busy; its work is resumed at next start")
                process.end()

    def _log(self, name: str, line: str) -> None:
        with self.log_file.open("a") as file:
            file.write(f"{name:<5} | {line}\n")

    def _take_lock(self) -> None:
        self.home.make()
        lock = (self.home.path / "stack.lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            owner = lock.read().strip()
            lock.close()
            raise StackError(
                f"{self.home.path} is served already (process {owner}). Stop that one first, "
                "or name another LAUNCHOPT_HOME."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.truncate(0)
            self._lock.close()
            self._lock = None


@contextmanager
def _undisturbed() -> Iterator[None]:
    """An impatient second Ctrl-C does not break off the stop that the first one began."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StackError(
                f"Port {port} is taken. Choose another: `make serve PORT={port + 1}`."
            ) from error


def write_to_terminal(name: str, line: str) -> None:
    """One line of one process, on standard error."""
    sys.stderr.write(f"{name:<5} | {line}\n")
    sys.stderr.flush()
