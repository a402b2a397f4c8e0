"""manage.py launch_report LAUNCH [--out FILE.html] [--json]"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from launchopt.campaigns.reporting import launch_report, report_page
from launchopt.campaigns.selectors import launch_named
from launchopt.operations.commands import LaunchOptCommand
from launchopt.operations.errors import InvalidInput


class Command(LaunchOptCommand):
    """Report what a launch did and caused, as figures and as one page."""

    help = "Report what a launch did, at what cost, and what it caused."
    example = "manage.py launch_report 5f0c6a8e-… --out launch-report.html"

    def add_options(self, parser: CommandParser) -> None:
        """The launch and the file."""
        parser.add_argument("launch", help="Id of the launch.")
        parser.add_argument("--out", type=Path, help="Write the report as one HTML page here.")

    def work(self, **options: Any) -> Mapping[str, Any]:
        """Gather the figures, and write the page where one is asked for."""
        launch = launch_named(options["launch"])
        if options["out"]:
            write_page(report_page(launch, now=timezone.now()), file=options["out"])
            self.note(f"Wrote {options['out']}.")
        return launch_report(launch)

    def show(self, report: Mapping[str, Any]) -> None:
        """The totals and the effect, and the parts as a table."""
        effect = report["effect"]
        self.stdout.write(str(effect["verdict"]))
        if effect["interval"]:
            low, high = effect["interval"]
            self.stdout.write(
                f"Effect: {effect['estimate']:+.4f} purchases per customer "
                f"({low:+.4f} to {high:+.4f})"
            )
        self._row("", list(report["totals"]))
        self._row("total", list(report["totals"].values()))
        for kind, parts in report["by"].items():
            for name, counts in parts.items():
                self._row(f"{kind} {name}", list(counts.values()))

    def _row(self, name: str, cells: list[Any]) -> None:
        self.stdout.write(f"{name[:36]:<36}" + "".join(f"{cell!s:>13}" for cell in cells))


def write_page(page: str, *, file: Path) -> None:
    """Write the page whole. Raises InvalidInput where the file cannot be written."""
    try:
        file.write_text(page, "utf-8")
    except OSError as error:
        raise InvalidInput(f"Cannot write {file}: {error.strerror or error}.") from error
