"""How the simulated shop talks to LaunchOpt: as any client does, over HTTP with a key."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

BATCH = 1_000


class ShopApi(Protocol):
    """What the shoppers' shop asks of LaunchOpt."""

    def decide(self, questions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """What to show, one answer for each question, in their order."""

    def record(self, events: Sequence[dict[str, Any]]) -> None:
        """Tell what happened."""


class ApiRefused(RuntimeError):
    """LaunchOpt answered with an error; the message holds its words."""


class Client:
    """One connection to the REST API, opened again where the server has closed it."""

    def __init__(self, url: str, *, key: str, prefix: str = "/api/v1/") -> None:
        self._address = urlsplit(url).netloc
        self._prefix = prefix
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._connection = http.client.HTTPConnection(self._address, timeout=120)

    def decide(self, questions: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """`POST decisions/`, in batches."""
        answers: list[dict[str, Any]] = []
        for batch in _batches(questions):
            answers += self.post("decisions/", batch)
        return answers

    def record(self, events: Sequence[dict[str, Any]]) -> None:
        """`POST events/`, in batches. A rejected event is an error: the shop knows its goods."""
        for batch in _batches(events):
            report = self.post("events/", batch)
            if report["rejected"]:
                raise ApiRefused(f"Events were rejected, the first one: {report['rejected'][0]}")

    def get(self, path: str) -> Any:
        """The JSON that an address answers."""
        return self._request("GET", path, None)

    def post(self, path: str, body: Any) -> Any:
        """The JSON that an address answers to this body."""
        return self._request("POST", path, json.dumps(body, ensure_ascii=False).encode())

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _request(self, method: str, path: str, body: bytes | None) -> Any:
        try:
            status, content = self._send(method, path, body)
        except (http.client.HTTPException, ConnectionError):
            # A kept connection was closed by the server. What is sent again is stored once:
            # events have ids of their own, and an unanswered decision lapses.
            self._connection.close()
            status, content = self._send(method, path, body)
        if status >= 400:
            raise ApiRefused(f"{method} {path}: {status} {content.decode(errors='replace')[:500]}")
        return json.loads(content)

    def _send(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        self._connection.request(method, self._prefix + path, body=body, headers=self._headers)
        response = self._connection.getresponse()
        return response.status, response.read()


def _batches(rows: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    for begin in range(0, len(rows), BATCH):
        yield rows[begin : begin + BATCH]
