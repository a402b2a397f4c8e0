"""One request: to a pinned address, within a time in all, no redirect followed, the answer cut.

This is httpcore, the layer below httpx: it follows no redirects, asks no proxy of the environment,
and lets us choose where its connections go.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpcore2

from launchopt.operations.webhooks.addresses import (
    AddressRefused,
    Resolver,
    addresses_for,
    parse,
    port_of,
)

START_KEPT = 500  # characters of an answer
START_READ = 2_000  # bytes of an answer
GONE, TOO_MANY, UNAVAILABLE = 410, 429, 503
# Nothing had left: the other side was not reached.
NOT_REACHED = (
    AddressRefused,
    httpcore2.ConnectError,
    httpcore2.ConnectTimeout,
    httpcore2.LocalProtocolError,
    httpcore2.UnsupportedProtocol,
)
LOST = (httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError)


@dataclass(frozen=True)
class Outcome:
    """What came of an attempt. `is_doubtful`: it may have arrived, but nobody said so."""

    status: int | None = None
    start: str = ""
    error: str = ""
    is_doubtful: bool = False
    wait_seconds: int = 0

    @property
    def has_arrived(self) -> bool:
        """Whether the other side has said so."""
        return self.status is not None and 200 <= self.status < 300


def post(
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    seconds: float,
    resolve: Resolver | None = None,
) -> Outcome:
    """Send a body; whatever goes wrong is told in the outcome."""
    try:
        return _post(url, body=body, headers=headers, seconds=seconds, resolve=resolve)
    except NOT_REACHED as fault:
        return Outcome(error=_told(fault))
    except LOST as fault:
        return Outcome(error=_told(fault), is_doubtful=True)


def _post(
    url: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    seconds: float,
    resolve: Resolver | None,
) -> Outcome:
    parsed = parse(url)
    target = httpcore2.URL(
        scheme=parsed.raw_scheme,
        host=parsed.raw_host,
        port=port_of(parsed),
        target=parsed.raw_path,
    )
    backend = PinnedBackend(until=time.monotonic() + seconds, resolve=resolve)
    given = {"host": parsed.netloc.decode(), "content-length": str(len(body))} | dict(headers)
    with (
        httpcore2.ConnectionPool(ssl_context=_tls(), network_backend=backend) as pool,
        pool.stream("POST", target, headers=given, content=body) as response,
    ):
        start = _start_of(response.iter_stream())
        error = "" if 200 <= response.status < 300 else f"It answered {response.status}."
        return Outcome(
            status=response.status, start=start, error=error, wait_seconds=_wait(response)
        )


class PinnedBackend(httpcore2.NetworkBackend):
    """Connects to the address that was judged, and to no other; all of it ends at one instant."""

    def __init__(self, *, until: float, resolve: Resolver | None = None) -> None:
        self._until, self._resolve = until, resolve
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore2.NetworkStream:
        """Resolve, judge, connect to the first that answers. TLS still asks for the name."""
        fault: Exception = httpcore2.ConnectError(f"The name {host!r} has no address.")
        for address in addresses_for(host, port, resolve=self._resolve):
            left = _left(self._until, httpcore2.ConnectTimeout)
            try:
                stream = self._inner.connect_tcp(address, port, timeout=left, socket_options=())
            except httpcore2.ConnectError as error:
                fault = error
            else:
                return TimedStream(stream, until=self._until)
        raise fault


class TimedStream(httpcore2.NetworkStream):
    """A connection that ends at one instant, however slowly bytes drip."""

    def __init__(self, inner: httpcore2.NetworkStream, *, until: float) -> None:
        self._inner, self._until = inner, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """As the connection, in the time that is left."""
        left = _left(self._until, httpcore2.ReadTimeout)
        return self._inner.read(max_bytes, timeout=left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """As the connection, in the time that is left."""
        left = _left(self._until, httpcore2.WriteTimeout)
        self._inner.write(buffer, timeout=left)

    def close(self) -> None:
        """As the connection."""
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        """As the connection, in the time that is left."""
        left = _left(self._until, httpcore2.ConnectTimeout)
        inner = self._inner.start_tls(ssl_context, server_hostname, timeout=left)
        return TimedStream(inner, until=self._until)

    def get_extra_info(self, info: str) -> Any:
        """As the connection."""
        return self._inner.get_extra_info(info)


def _left(until: float, fault: type[Exception]) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise fault("timed out")
    return left


@cache
def _tls() -> ssl.SSLContext:
    return httpcore2.default_ssl_context()


def _start_of(chunks: Iterable[bytes]) -> str:
    """How an answer begins; one that breaks off has answered all the same."""
    start = b""
    try:
        for chunk in chunks:
            start += chunk
            if len(start) >= START_READ:
                break
    except LOST:
        pass
    return start[:START_READ].decode(errors="replace").replace("\0", "")[:START_KEPT]


def _wait(response: httpcore2.Response) -> int:
    """The seconds that a busy server asks us to wait (Retry-After); 0 where it asks for none."""
    if response.status not in (TOO_MANY, UNAVAILABLE):
        return 0
    asked = {name.lower(): value for name, value in response.headers}.get(b"retry-after", b"")
    return int(asked) if asked.isdigit() and len(asked) < 7 else 0


def _told(fault: Exception) -> str:
    words = " ".join(str(fault).split())
    return f"{type(fault).__name__}: {words}"[:300] if words else type(fault).__name__
