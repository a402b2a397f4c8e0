"""One process of the stack: started in a session of its own, its words passed on, stopped politely.

Only the parent is signalled, never its group: a Celery parent that is told to stop lets its
children finish their tasks, while a child that gets the signal itself dies in the middle of one.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Command:
    """What is run: a name for the log, the words, and what the environment has besides."""

    name: str
    words: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    is_worker: bool = False


class Process:
    """A running command. `write` gets its name and each line that it says."""

    def __init__(self, command: Command, *, cwd: str, write: Callable[[str, str], None]) -> None:
        self.command = command
        self._write = write
        self._popen = subprocess.Popen(
            command.words,
            cwd=cwd,
            env={**os.environ, **command.environment, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C in a terminal reaches the supervisor alone
            preexec_fn=end_with_parent,
        )
        self._reader = threading.Thread(target=self._pass_on, daemon=True)
        self._reader.start()

    @property
    def name(self) -> str:
        return self.command.name

    @property
    def pid(self) -> int:
        return self._popen.pid

    def has_ended(self) -> bool:
        """Whether it has ended, for whatever reason."""
        return self._popen.poll() is not None

    @property
    def exit_code(self) -> int | None:
        return self._popen.returncode

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to the parent alone."""
        if not self.has_ended():
            self._popen.send_signal(number)

    def wait(self, seconds: float) -> bool:
        """Wait at most so long for its end; whether it has ended."""
        try:
            self._popen.wait(max(seconds, 0))
        except subprocess.TimeoutExpired:
            return False
        self._reader.join(timeout=1)
        return True

    def end(self) -> None:
        """End it and all its children at once, the last resort."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.wait(5)

    def _pass_on(self) -> None:
        for line in self._popen.stdout or ():
            self._write(self.name, line.rstrip("\n"))


def end_with_parent() -> None:
    """Where the kernel can, a child is told to stop when its supervisor was killed."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
