"""Build the demo shop and run one launch in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from launchopt.campaigns.reporting import launch_report, report_page
from launchopt.operations.commands import LaunchOptCommand
from launchopt_project.demo.client import ApiRefused
from launchopt_project.demo.market import DEMO
from launchopt_project.demo.market.vocabulary import vocabulary
from launchopt_project.demo.progress import RunFailed
from launchopt_project.demo.story import Story, Told, WorkFailed
from launchopt_project.demo.truth_section import measured_sentence, plan_sentence
from launchopt_project.embedded import EmbeddedError
from launchopt_project.paths import home_path
from launchopt_project.supervisor import StackError

FAULTS = (ApiRefused, EmbeddedError, RunFailed, StackError, WorkFailed)


class Command(LaunchOptCommand):
    """From an empty home to a measured launch; what stands is used again."""

    help = (
        "Build a shop of simulated shoppers, launch a product in it, play 14 days and report. "
        "Run again, it shows the same launch; another --sku is launched in the same shop."
    )
    example = "manage.py demo --out launch-report.html"

    def add_options(self, parser: CommandParser) -> None:
        """What is launched, and where the report goes."""
        skus = [newcomer.sku for newcomer in vocabulary().newcomers]
        parser.add_argument("--sku", choices=skus, default=skus[0], help="The product to launch.")
        parser.add_argument(
            "--out",
            type=Path,
            default=Path("launch-report.html"),
            help="Where to write the report.",
        )

    def work(self, **options: Any) -> Mapping[str, Any]:
        """Tell the story, then write the report."""
        told = self._tell(Story(DEMO, folder=home_path() / "demo", sku=options["sku"]))
        options["out"].write_text(report_page(told.launch, now=timezone.now()), "utf-8")
        return {
            "launch": str(told.launch.pk),
            "product": told.launch.product.title,
            "was_finished": told.was_finished,
            "report": str(options["out"]),
            "login": told.accounts.login,
            "password": told.accounts.password,
            "totals": launch_report(told.launch)["totals"],
            "truth": asdict(told.comparison),
            "sentences": [measured_sentence(told.comparison), plan_sentence(told.comparison)],
        }

    def _tell(self, story: Story) -> Told:
        """What went wrong is one line; what was done stays."""
        try:
            return story.tell()
        except KeyboardInterrupt:
            raise CommandError("Stopped. Run it again: it goes on from here.") from None
        except FAULTS as error:
            raise CommandError(f"{error} Run it again: it goes on from here.") from error

    def show(self, report: Mapping[str, Any]) -> None:
        """The summary for a person."""
        again = " (played before; its report is written again)" if report["was_finished"] else ""
        self.stdout.write(f"\nLaunch of {report['product']}{again}")
        totals = report["totals"]
        self.stdout.write(
            f"  {totals['decisions']:,} decisions, {totals['exposures']:,} exposures, "
            f"{totals['clicks']:,} clicks, {totals['conversions']:,} purchases, "
            f"spend {totals['spend']}, revenue {totals['revenue']}"
        )
        for sentence in report["sentences"]:
            self.stdout.write(f"  {sentence}")
        self.stdout.write(f"  Report: {report['report']}")
        password = report["password"] or "the one that you have set"
        self.stdout.write(f"  Admin login: {report['login']}, password: {password}")
