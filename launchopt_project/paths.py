"""Where the reference project stands, and where its data lives."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def home_path() -> Path:
    """The folder of this shop's data: LAUNCHOPT_HOME, or `.launchopt` in the root."""
    return Path(os.environ.get("LAUNCHOPT_HOME") or ROOT / ".launchopt").expanduser().resolve()
