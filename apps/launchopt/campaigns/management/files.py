"""Files that a study reads and writes: one line says what is wrong with them."""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from launchopt.operations.commands import plain
from launchopt.operations.errors import InvalidInput


def text_of(file: Path) -> str:
    """The text of a file, also of one that ends in .gz. Raises InvalidInput."""
    try:
        content = file.read_bytes()
        content = gzip.decompress(content) if file.suffix == ".gz" else content
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{file} is not UTF-8 (byte {error.start}).") from error
    except (OSError, EOFError) as error:
        words = getattr(error, "strerror", None) or error
        raise InvalidInput(f"Cannot read {file}: {words}.") from error


def keep_text(content: str, file: Path) -> None:
    """Write a text as a file. Raises InvalidInput where that cannot be done."""
    keep_bytes(content.encode(), file)


def keep_bytes(content: bytes, file: Path) -> None:
    """Write a file. Raises InvalidInput where that cannot be done."""
    try:
        file.write_bytes(content)
    except OSError as error:
        raise InvalidInput(f"Cannot write {file}: {error.strerror or error}.") from error


def json_text(value: Any) -> str:
    """JSON with a line's end; there is no NaN in it."""
    return json.dumps(value, default=plain, allow_nan=False, ensure_ascii=False) + "\n"


@contextmanager
def quiet_output() -> Iterator[None]:
    """Send what a library prints past Python to standard error, away from `--json`."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
