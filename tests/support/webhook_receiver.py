"""A receiver of webhooks, as a process of its own: `python FILE MODE LOG SECRET [TARGET]`.

It prints its port, and keeps each request in the file LOG, a JSON line with whether its signature
is right, as the snippet of docs/howto/webhooks.md judges it. MODE says how it behaves: good,
hangs:N (N times), fails:N (N times 503, then good), drips (a byte of a header at a time), redirects
(to TARGET), gone, talks (a long answer).
"""

from __future__ import annotations

import json
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path

HOWTO = Path(__file__).resolve().parents[2] / "docs" / "howto" / "webhooks.md"
SNIPPET: dict = {}
exec(re.search(r"```python\n(.*?)```", HOWTO.read_text(), re.S).group(1), SNIPPET)


class Handler(BaseHTTPRequestHandler):
    """Answers every POST."""

    numbers = count(1)  # of requests in their order, also where some come at once

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.number = next(Handler.numbers)
        entry = {
            "id": headers["webhook-id"],
            "headers": headers,
            "body": body.decode(),
            "is_genuine": SNIPPET["is_genuine"](SECRET, headers=headers, body=body),
        }
        with open(LOG, "a") as log:
            log.write(json.dumps(entry) + "\n")
        getattr(self, MODE.partition(":")[0])()

    def good(self) -> None:
        self._answer(200, b"thank you")

    def hangs(self) -> None:
        if not self._is_enough():
            time.sleep(60)
        self._answer(200, b"")

    def drips(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for _ in range(600):
            self.wfile.write(b"X")
            self.wfile.flush()
            time.sleep(0.1)

    def fails(self) -> None:
        self._answer(*((200, b"") if self._is_enough() else (503, b"not now")))

    def _is_enough(self) -> bool:
        return self.number > int(MODE.partition(":")[2])

    def redirects(self) -> None:
        self.send_response(302)
        self.send_header("Location", sys.argv[4])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def gone(self) -> None:
        self._answer(410, b"")

    def talks(self) -> None:
        self._answer(200, b"x" * 1_000_000)

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Standard output has the port only."""


if __name__ == "__main__":
    MODE, LOG, SECRET = sys.argv[1:4]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
