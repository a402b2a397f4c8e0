"""Independent streams of chance, each named: no part of the market shifts another."""

from __future__ import annotations

from datetime import UTC, datetime
from zlib import crc32

import numpy as np


def stream(seed: int, name: str) -> np.random.Generator:
    """The generator of one named part of the market with this seed.

    >>> stream(1, "shoppers").integers(1000) == stream(1, "shoppers").integers(1000)
    True
    """
    return np.random.default_rng([seed, crc32(name.encode())])


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The logistic function, element by element."""
    result: np.ndarray = 1.0 / (1.0 + np.exp(-np.clip(x, -40.0, 40.0)))
    return result


def instant(moment: datetime) -> np.datetime64:
    """A datetime with a zone as numpy's instant in seconds, which is in UTC."""
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "s")
