"""Starts the server of `copy_server.py` and reads what it was asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.programs import listening, logged

PROGRAM = Path(__file__).with_name("copy_server.py")


@dataclass(frozen=True)
class CopyServer:
    """A running server: its address, and the file in which it keeps what it was asked."""

    address: str
    log: Path

    def asked(self) -> list[dict[str, Any]]:
        """Each request, in order."""
        return logged(self.log)


@contextmanager
def copy_server(folder: Path, *, mode: str = "good") -> Iterator[CopyServer]:
    """A server in a process of its own, stopped at the end."""
    log = folder / f"{mode}.jsonl"
    with listening(PROGRAM, mode, str(log)) as port:
        yield CopyServer(f"http://127.0.0.1:{port}/v1", log)
