"""The address is pinned, and yet the certificate must be that of the name."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from launchopt.operations.webhooks import posting
from tests.support.webhooks import LOCAL

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl makes the certificate, and is not here"
)


@pytest.fixture
def certificate(tmp_path, settings, monkeypatch) -> Iterator[Path]:
    """A certificate of shop.example that this process trusts, with its key."""
    settings.LAUNCHOPT = settings.LAUNCHOPT | {"WEBHOOK_NETWORKS": LOCAL["WEBHOOK_NETWORKS"]}
    file = tmp_path / "shop.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    words += " -subj /CN=shop.example -addext subjectAltName=DNS:shop.example"
    made = ["openssl", *words.split(), "-keyout", f"{file}.key", "-out", str(file)]
    subprocess.run(made, check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    posting._tls.cache_clear()
    yield file
    posting._tls.cache_clear()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@contextmanager
def a_server(certificate: Path) -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, f"{certificate}.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def post_to(host: str, port: int) -> posting.Outcome:
    return posting.post(
        f"https://{host}:{port}/hook",
        body=b"{}",
        headers={},
        seconds=5,
        resolve=lambda *_: ["127.0.0.1"],
    )


def test_the_name_of_the_certificate_is_that_of_the_address(certificate):
    with a_server(certificate) as port:
        assert post_to("shop.example", port).status == 204


def test_a_certificate_of_another_name_is_refused(certificate):
    with a_server(certificate) as port:
        outcome = post_to("other.example", port)
    assert not outcome.has_arrived
    assert not outcome.is_doubtful
    assert "certificate verify failed" in outcome.error
