"""What a study prints and writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from launchopt.operations.errors import InvalidInput


def write_json(path: Path, report: Mapping[str, Any]) -> None:
    """The whole report as one JSON object. Raises InvalidInput where it cannot be written."""
    try:
        path.write_text(json.dumps(report, allow_nan=False))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.") from error


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table whose columns stand below each other."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
