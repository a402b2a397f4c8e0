"""What a service did with clean rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl


@dataclass
class Outcome:
    """`rejected` has line and reason; what is neither accepted nor rejected was there already."""

    accepted: int = 0
    updated: int = 0
    rejected: pl.DataFrame | None = None
    details: dict[str, Any] = field(default_factory=dict)
