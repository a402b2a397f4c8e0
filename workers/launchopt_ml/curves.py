"""Figures that learning tells as it goes, such as its loss. Where nobody listens they cost nothing.

A listener is of the context: learners note what they see, without knowing who asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, int, float], None]
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def note(name: str, step: int, value: Callable[[], float]) -> None:
    """Tell a figure; it is computed only where somebody listens."""
    listener = _listener.get()
    if listener is not None:
        listener(name, step, value())


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have every figure told in this block: its name, its step, its value."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
