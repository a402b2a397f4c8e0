"""Requests from several processes at once over connections that stay open."""

from __future__ import annotations

import http.client
import multiprocessing
import time
from collections.abc import Sequence

import numpy as np


def requests_per_second(
    port: int,
    paths: Sequence[str],
    *,
    headers: dict[str, str],
    clients: int,
    seconds: float,
) -> tuple[float, float]:
    """Answers with 200 a second, and the 99th percentile of their milliseconds."""
    context = multiprocessing.get_context("fork")
    with context.Pool(clients) as pool:
        asked = [(port, list(paths[n::clients]), headers, seconds) for n in range(clients)]
        waits = np.concatenate(pool.starmap(_ask, asked))
    return len(waits) / seconds, float(np.quantile(waits, 0.99) * 1000)


def _ask(port: int, paths: list[str], headers: dict[str, str], seconds: float) -> np.ndarray:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    waits, number = [], 0
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        connection.request("GET", paths[number % len(paths)], headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{paths[number % len(paths)]} answered {answer.status}: {body!r}")
        waits.append(time.perf_counter() - start)
        number += 1
    return np.array(waits)
