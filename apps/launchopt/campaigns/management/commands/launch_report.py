"""manage.py launch_report LAUNCH [--out FILE.html] [--rows FILE.csv|.parquet] [--json]"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from launchopt.campaigns.management.files import keep_bytes
from launchopt.campaigns.reporting import launch_report, report_page
from launchopt.campaigns.reporting.exporting import FORMATS, file_of, rows_of
from launchopt.campaigns.selectors import launch_named
from launchopt.experiments.models import MetricRollup
from launchopt.operations.commands import LaunchOptCommand
from launchopt.operations.errors import InvalidInput

SHOWN = ("variant", "channel", "audience")  # parts in the table; --json has all


class Command(LaunchOptCommand):
    """Report what a launch did and caused, as figures and as one page."""

    help = "Report what a launch did, at what cost, and what it caused."
    example = "manage.py launch_report 5f0c6a8e-… --out launch-report.html"

    def add_options(self, parser: CommandParser) -> None:
        """The launch and the file."""
        parser.add_argument("launch", help="Id of the launch.")
        parser.add_argument("--out", type=Path, help="Write the report as one HTML page here.")
        parser.add_argument(
            "--rows", type=Path, help="Write the counts behind it here, as .csv or .parquet."
        )
        parser.add_argument(
            "--grain",
            choices=MetricRollup.Granularity.values,
            default=MetricRollup.Granularity.HOUR,
            help="Of the rows, by UTC.",
        )

    def work(self, **options: Any) -> Mapping[str, Any]:
        """Gather the figures, and write the page where one is asked for."""
        launch = launch_named(options["launch"])
        if options["out"]:
            page = report_page(launch, now=timezone.now())
            self._keep(page.encode(), options["out"])
        if options["rows"]:
            form = options["rows"].suffix.removeprefix(".")
            if form not in FORMATS:
                raise InvalidInput(f"{options['rows']}: take a name ending in .csv or .parquet.")
            rows = rows_of(launch, grain=options["grain"])
            self._keep(file_of(rows, form=form), options["rows"])
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
        for kind in SHOWN:
            for name, counts in report["by"][kind].items():
                self._row(f"{kind} {name}", list(counts.values()))

    def _row(self, name: str, cells: list[Any]) -> None:
        self.stdout.write(f"{name[:36]:<36}" + "".join(f"{cell!s:>13}" for cell in cells))

    def _keep(self, content: bytes, file: Path) -> None:
        keep_bytes(content, file)
        self.note(f"Wrote {file}.")
