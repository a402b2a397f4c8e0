"""A comparison of encoders as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

COLUMNS = (
    ("megabytes", "MB", ".1f"),
    ("texts_per_second", "texts/s", ".0f"),
    ("times_as_fast", "x whole", ".2f"),
    ("cosine", "cosine", ".4f"),
    ("neighbours_kept", "neighbours", ".3f"),
)
QUALITY = (("map", "MAP"), ("ndcg_at_10", "NDCG@10"))


def lines_of(report: Mapping[str, Any]) -> Iterator[str]:
    """One row for each encoder; differences are to the whole one, with their intervals."""
    yield f"{report['encoder']}, {report['products_read']} products"
    heads = [head for _, head, _ in COLUMNS] + [head for _, head in QUALITY]
    yield f"{'':38}" + "".join(f"{head:>12}" for head in heads) + "   MAP less the whole's"
    for name, row in report["encoders"].items():
        cells = [_cell(row, key, form) for key, _, form in COLUMNS]
        cells += [_cell(row["quality"] or {}, key, ".4f") for key, _ in QUALITY]
        yield f"{name:38}" + "".join(f"{cell:>12}" for cell in cells) + _difference(row["quality"])
    if "untested" in report:
        yield f"No backtest: {report['untested']}"


def _cell(row: Mapping[str, Any], key: str, form: str) -> str:
    return format(row[key], form) if key in row else "—"


def _difference(quality: Mapping[str, Any] | None) -> str:
    if not quality or "difference" not in quality:
        return ""
    precision = quality["difference"]["map"]
    low, high = precision["interval"]
    return f"   {precision['estimate']:+.4f} [{low:+.4f}, {high:+.4f}]"
