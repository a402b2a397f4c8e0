"""What every test has: the embedded PostgreSQL and Redis, an empty cache and an empty queue."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """No test finds what another left in the cache."""
    yield
    cache.clear()
