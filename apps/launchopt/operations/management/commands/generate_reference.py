"""Write the generated pages of the reference."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from launchopt.operations import reference
from launchopt.operations.commands import LaunchOptCommand


class Command(LaunchOptCommand):
    """Keeps the pages true to the code; a test compares them."""

    help = "Write the reference of settings and commands into a folder."
    example = "manage.py generate_reference docs/reference"

    def add_options(self, parser: CommandParser) -> None:
        """Where to."""
        parser.add_argument("folder", type=Path, help="An existing folder.")

    def work(self, *, folder: Path, **_: Any) -> Mapping[str, Any]:
        """Write both pages."""
        pages = {"settings.md": reference.settings_page(), "commands.md": reference.commands_page()}
        for name, text in pages.items():
            (folder / name).write_text(text, encoding="utf-8")
        return {"written": sorted(pages)}
