"""A home of one's own to measure in: embedded services that nobody else uses."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@contextmanager
def own_home(folder: Path, *, settings: str = "launchopt_project.settings") -> Iterator[None]:
    """Set Django up on services that stand in the folder, and stop them afterwards."""
    os.environ["LAUNCHOPT_HOME"] = str(folder / "home")
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    sys.path[:0] = [str(ROOT), str(ROOT / "apps"), str(ROOT / "workers")]
    import django

    django.setup()
    try:
        yield
    finally:
        stop = [sys.executable, "-m", "launchopt_project.embedded", "stop"]
        subprocess.run(stop, cwd=ROOT, check=False, capture_output=True)
