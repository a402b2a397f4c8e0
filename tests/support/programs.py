"""Servers of tests in processes of their own: started, asked for their port, read, stopped."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def listening(program: Path, *arguments: str) -> Iterator[str]:
    """Run a program that prints its port first; gives the port, and stops it at the end."""
    command = [sys.executable, str(program), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def logged(log: Path) -> list[dict[str, Any]]:
    """The JSON lines that it has written so far, in order."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [json.loads(line) for line in lines]
