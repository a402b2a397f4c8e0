"""Starts the receiver of `webhook_receiver.py`, and reads what it was told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.programs import listening, logged

PROGRAM = Path(__file__).with_name("webhook_receiver.py")
# As a shop sets it whose receivers stand on its own machine.
LOCAL = {"WEBHOOK_NETWORKS": ("127.0.0.0/8",), "WEBHOOK_ALLOW_HTTP": True}


@dataclass(frozen=True)
class Receiver:
    """A running receiver: its address, and the file in which it keeps what it was told."""

    url: str
    log: Path

    def told(self) -> list[dict[str, Any]]:
        """Each request, in order."""
        return logged(self.log)


@contextmanager
def receiver(
    folder: Path, *, secret: str, mode: str = "good", target: str = ""
) -> Iterator[Receiver]:
    """A receiver in a process of its own, stopped at the end."""
    log = folder / f"{mode.replace(':', '-')}.jsonl"
    with listening(PROGRAM, mode, str(log), secret, target) as port:
        yield Receiver(f"http://127.0.0.1:{port}/hook", log)
