"""What every list needs and seldom changes: in the cache, and for seconds in the process."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

from django.core.cache import cache
from django.db import transaction

CACHE_SECONDS = 60  # what changed past the services is told as it was for so long at most
SECONDS_AT_HAND = 5.0  # asking the cache for each list is a tenth of the list's cost
T = TypeVar("T")


class AtHand(Generic[T]):
    """A value read by one function, and read anew where it is forgotten or has grown old."""

    def __init__(self, name: str, read: Callable[[], T]) -> None:
        self.name, self._read = name, read
        self._kept: tuple[float, T] | None = None

    def get(self) -> T:
        """The value, as it was seconds ago at most in this process."""
        now = monotonic()
        if self._kept is None or now - self._kept[0] > SECONDS_AT_HAND:
            found: T = cache.get_or_set(self.name, self._read, CACHE_SECONDS)  # type: ignore[assignment]
            self._kept = (now, found)
        return self._kept[1]

    def forget(self) -> None:
        """Let every process read it anew, once what was written is there for all to read."""
        transaction.on_commit(self.drop, robust=True)

    def drop(self) -> None:
        """Read it anew the next time."""
        cache.delete(self.name)
        self._kept = None
