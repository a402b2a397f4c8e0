"""Questions from several processes at once over connections that stay open."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import time
from collections.abc import Sequence

import numpy as np


def decisions_per_second(
    port: int, customers: Sequence[str], *, key: str, batch: int, clients: int, seconds: float
) -> tuple[float, float, float]:
    """Decisions a second, the 99th percentile of an answer's milliseconds, the share shown."""
    context = multiprocessing.get_context("fork")
    with context.Pool(clients) as pool:
        asked = [(port, list(customers[n::clients]), key, batch, seconds) for n in range(clients)]
        parts = pool.starmap(_ask, asked)
    waits = np.concatenate([waits for waits, _ in parts])
    decisions = len(waits) * batch
    shown = sum(shown for _, shown in parts) / max(decisions, 1)
    return decisions / seconds, float(np.quantile(waits, 0.99) * 1000), shown


def _ask(
    port: int, customers: list[str], key: str, batch: int, seconds: float
) -> tuple[np.ndarray, int]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    waits, number, shown = [], 0, 0
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        names = [customers[(number + n) % len(customers)] for n in range(batch)]
        number += batch
        questions = [{"customer": name, "placement": "home"} for name in names]
        body = json.dumps(questions if batch > 1 else questions[0])
        start = time.perf_counter()
        connection.request("POST", "/api/v1/decisions/", body=body, headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        waits.append(time.perf_counter() - start)
        if answer.status != 200:
            raise RuntimeError(f"decisions/ answered {answer.status}: {content[:300]!r}")
        shown += content.count(b'"reason":"shown"')
    return np.array(waits), shown
