"""manage.py export_preferences --out FILE.jsonl [--launch LAUNCH] [--json]"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from launchopt.campaigns.creatives import preferences_of
from launchopt.campaigns.management.files import keep_text
from launchopt.campaigns.selectors import launch_named
from launchopt.operations.commands import LaunchOptCommand


class Command(LaunchOptCommand):
    """What reviewers preferred, as a file to train on."""

    help = (
        "Write what people preferred as JSON Lines for DPO or an adapter: prompt (the facts, "
        "without personal data), chosen (approved words), rejected (words edited or rejected), why."
    )
    example = "manage.py export_preferences --out preferences.jsonl"

    def add_options(self, parser: CommandParser) -> None:
        """Of which launch, where to."""
        parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="To write.")
        parser.add_argument("--launch", metavar="LAUNCH", help="Of one launch; default: of all.")

    def work(self, *, out: Path, launch: str | None, **options: Any) -> Mapping[str, Any]:
        """Gather and write."""
        preferences = preferences_of(launches=[launch_named(launch).pk] if launch else None)
        keep_text(preferences.as_lines(), out)
        return {"pairs": len(preferences.pairs), "left_out": dict(preferences.left_out)}

    def show(self, report: Mapping[str, Any]) -> None:
        """How many, and why not more."""
        self.stdout.write(f"{report['pairs']:,} pairs written.")
        for reason, count in report["left_out"].items():
            self.stdout.write(f"{count:,} rejected texts left out: {reason}.")
