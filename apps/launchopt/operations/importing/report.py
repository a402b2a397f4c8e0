"""What became of each row of a file."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from launchopt.operations.importing.cleaning import REASON
from launchopt.operations.importing.files import LINE, Source


@dataclass
class Report:
    """Rows are accepted (some of them updates), duplicates, or rejected with a reason."""

    rows: int = 0
    accepted: int = 0
    updated: int = 0
    duplicates: int = 0
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "rows": self.rows,
            "accepted": self.accepted,
            "updated": self.updated,
            "duplicates": self.duplicates,
            "rejected": self.rejected,
            "reasons": self.reasons,
            **self.details,
        }


def with_malformed(rejected: pl.DataFrame, *, source: Source) -> pl.DataFrame:
    """Line and reason of all that was rejected, the lines that are no rows among them."""
    lines = [row.line for row in source.malformed]
    reasons = [row.reason for row in source.malformed]
    schema = {LINE: pl.UInt32, REASON: pl.String}
    bad = pl.DataFrame({LINE: lines, REASON: reasons}, schema=schema)
    return pl.concat([rejected.cast(schema), bad]).sort(LINE)  # type: ignore[arg-type]


def counted(rejected: pl.DataFrame) -> dict[str, int]:
    """How many rows were rejected for each reason, the most frequent first."""
    found = rejected.group_by(REASON, maintain_order=True).len().sort("len", descending=True)
    return dict(found.iter_rows())


def write_rejects(path: Path, *, source: Source, rejected: pl.DataFrame) -> None:
    """Every rejected row as it stood, after its line and reason; for programs, so not escaped."""
    rows = rejected.join(source.rows, on=LINE, how="left", maintain_order="left")
    rows = rows.rename({LINE: "line", REASON: "reason"} | _renamed(source.columns))
    if not source.malformed:
        rows.write_csv(path)
        return
    broken = {row.line: row for row in source.malformed}
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*rows.columns, "surplus"])
        for row in rows.iter_rows():
            bad = broken.get(row[0])
            writer.writerow(
                [*row[:2], *_cells(bad.cells, len(source.columns))] if bad else [*row, None]
            )


def _cells(cells: tuple[str, ...], width: int) -> list[str]:
    """As many cells as there are columns, and in the last all that is too much."""
    padded = [*cells, *[""] * (width - len(cells))]
    return [*padded[:width], ",".join(padded[width:])]


def _renamed(columns: list[str]) -> dict[str, str]:
    """The file's own columns `line` and `reason` keep their values under other names."""
    return {name: f"file_{name}" for name in columns if name in ("line", "reason")}
