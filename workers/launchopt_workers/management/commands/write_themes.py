"""`manage.py write_themes`: the words of customers' lists, over their products and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from launchopt import jobs
from launchopt.operations.commands import LaunchOptCommand
from launchopt_workers.running import run_here
from launchopt_workers.themes import tasks  # noqa: F401 - registers the bodies


class Command(LaunchOptCommand):
    """Writes in this process; no worker need be up."""

    help = (
        "Write the themes of recommendation lists, and the lines that say why a product stands in "
        "one, where they are missing or outdated: by the writer of the role `lists`, each proved "
        "by the ledger. It is done every night, too."
    )
    example = "manage.py write_themes"

    def work(self, **options: Any) -> Mapping[str, Any]:
        """Write them."""
        return run_here(jobs.WRITE_THEMES, on_progress=self.progress)
