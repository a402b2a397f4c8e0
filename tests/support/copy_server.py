"""A server that speaks the OpenAI protocol, as a process of its own: `python FILE MODE`.

It prints its port, then keeps what it was asked in the file LOG, a JSON line for each request. MODE
says how it behaves: good, slow, garbage, unauthorised, or flaky (a fault, then good answers).
"""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GOOD = {
    "headline": "Meet the Blue Mug",
    "body": "Holds 300 ml.",
    "call_to_action": "Take a look",
    "alt_text": "Picture of the Blue Mug",
    "subject": "A blue mug for you to see",
    "preheader": "See the details in our shop.",
}


class Handler(BaseHTTPRequestHandler):
    """Answers `POST /v1/chat/completions`."""

    protocol_version = "HTTP/1.1"
    lock, asked = threading.Lock(), 0

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with Handler.lock:
            Handler.asked += 1
            number = Handler.asked
            with open(LOG, "a") as log:
                entry = {"key": self.headers.get("Authorization"), "path": self.path, "body": body}
                log.write(json.dumps(entry) + "\n")
        if MODE == "slow":
            time.sleep(1.0)
        if MODE == "unauthorised":
            self._answer(401, {"error": "no"})
        elif MODE == "flaky" and number <= 2:
            self._answer(503, {"error": "busy"})
        else:
            self._answer(200, self._completion(body, number))

    def _completion(self, body: dict, number: int) -> dict:
        wanted = body["response_format"]["json_schema"]["schema"]["required"]
        choices = []
        for candidate in range(body["n"]):
            words = {part: GOOD[part] for part in wanted}
            words["body"] += f" Candidate {chr(97 + candidate)}{' so' * candidate}."
            text = "Sorry, {no JSON" if MODE == "garbage" else json.dumps(words)
            if MODE == "lying":
                text = json.dumps(words | {"headline": "The best mug, 20% off"})
            choices.append({"index": candidate, "message": {"role": "a", "content": text}})
        return {"choices": choices, "usage": {"prompt_tokens": 100, "completion_tokens": 50}}

    def _answer(self, status: int, content: dict) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Standard output has the port only."""


if __name__ == "__main__":
    MODE, LOG = sys.argv[1:3]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
