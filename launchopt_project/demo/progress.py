"""What a person sees while the demo works: a line for each step, a bar for the long ones."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from tqdm import tqdm

from launchopt.operations.models import Run

T = TypeVar("T")
WIDTH = 34
LOOK_EVERY = 0.2  # seconds between two looks at a run that another process works on


class RunFailed(RuntimeError):
    """A run that the demo waits for did not succeed; the message says why."""


def say(words: str) -> None:
    """A line on standard error, which leaves standard output to the report."""
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


@contextmanager
def step(title: str) -> Iterator[None]:
    """A step of unknown length: its name at once, and the seconds that it takes."""
    started, done = time.perf_counter(), threading.Event()
    ticker = threading.Thread(target=_tick, args=(title, started, done), daemon=True)
    ticker.start()
    try:
        yield
    except BaseException:
        done.set()
        ticker.join()
        say(f"{_line_start()}{title:<{WIDTH}} not done")
        raise
    done.set()
    ticker.join()
    say(f"{_line_start()}{title:<{WIDTH}} {time.perf_counter() - started:5.1f} s")


def _tick(title: str, started: float, done: threading.Event) -> None:
    """Show the seconds that go by, where somebody watches; else the name once."""
    sys.stderr.write(f"{title:<{WIDTH}} ...")
    sys.stderr.flush()
    while not done.wait(0.5):
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{title:<{WIDTH}} {time.perf_counter() - started:5.1f} s ...")
            sys.stderr.flush()


def _line_start() -> str:
    """Back over the line of the ticker, or on a new one in a file."""
    return "\r\033[K" if sys.stderr.isatty() else "\n"


def bar(items: Iterable[T], *, title: str, total: int | None = None) -> Iterable[T]:
    """The items, with a bar that moves as they are taken."""
    meter: Iterable[T] = tqdm(items, desc=f"{title:<{WIDTH}}", total=total, **_look())
    return meter


def follow(
    run: Run, *, title: str, tend: Callable[[], None], limit: timedelta = timedelta(minutes=10)
) -> Run:
    """Watch a worker's run until it ends; `tend` keeps workers alive. Raises RunFailed."""
    deadline = time.monotonic() + limit.total_seconds()
    with tqdm(total=100, desc=f"{title:<{WIDTH}}", unit="%", **_look()) as meter:
        while run.is_open:
            if time.monotonic() > deadline:
                raise RunFailed(f"{title}: not done after {limit}; it is run {run.pk}.")
            tend()
            time.sleep(LOOK_EVERY)
            run.refresh_from_db()
            meter.set_postfix_str((run.step or run.message)[:40], refresh=False)
            meter.update(run.percent - meter.n)
        if run.state == Run.State.SUCCEEDED:
            meter.update(100 - meter.n)
    if run.state != Run.State.SUCCEEDED:
        raise RunFailed(f"{title}: the run {run.state}. {run.error or run.message}")
    return run


def _look() -> dict[str, Any]:
    """A bar that stays short, and moves seldom where nobody watches."""
    if sys.stderr.isatty():
        return {"file": sys.stderr, "dynamic_ncols": True}
    return {"file": sys.stderr, "mininterval": 5.0, "ncols": 110}
