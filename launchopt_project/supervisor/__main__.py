"""`make serve`: run the stack until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import threading

from launchopt_project.embedded import EmbeddedError
from launchopt_project.supervisor.stack import Stack, StackError, write_to_terminal


def main() -> int:
    """Serve; 0 after a clean stop, 1 where the stack cannot run."""
    parser = argparse.ArgumentParser(
        prog="python -m launchopt_project.supervisor",
        description="Web, workers and beat of the shop in LAUNCHOPT_HOME, until Ctrl-C.",
        epilog="Example: python -m launchopt_project.supervisor --port 8000",
    )
    parser.add_argument("--port", type=int, default=8000, help="where the web listens")
    stack = Stack(port=parser.parse_args().port, write=write_to_terminal)
    stopped = _stop_on_signals()
    try:
        return _serve(stack, stopped=stopped)
    except (StackError, EmbeddedError) as error:
        write_to_terminal("stack", str(error))
        return 1


def _stop_on_signals() -> threading.Event:
    """Set by the first SIGTERM or SIGINT. More of them change nothing: the stop is under way.

    `make` passes a signal on that the terminal has already sent, so a second one is no hurry.
    """
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def _serve(stack: Stack, *, stopped: threading.Event) -> int:
    stack.start()
    try:
        _announce(stack, stopped=stopped)
        while not stopped.wait(0.5):
            stack.tend()
    finally:
        write_to_terminal("stack", "stopping; tasks that run may finish")
        stack.stop()
    write_to_terminal("stack", "stopped")
    return 0


def _announce(stack: Stack, *, stopped: threading.Event) -> None:
    write_to_terminal("stack", f"starting on {stack.url}/")
    while stack.what_is_down() and not stopped.wait(0.3):
        stack.tend()
    if not stopped.is_set():
        write_to_terminal("stack", f"ready: {stack.url}/admin/ (Ctrl-C stops all of it)")


if __name__ == "__main__":
    sys.exit(main())
