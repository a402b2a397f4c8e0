"""manage.py export_audience AUDIENCE --form google|meta --out FILE.csv [--json]"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from launchopt.audiences.models import Audience
from launchopt.campaigns.channels import advertising
from launchopt.campaigns.exporting import export_audience
from launchopt.operations.commands import LaunchOptCommand
from launchopt.operations.errors import InvalidInput, NotFound


class Command(LaunchOptCommand):
    """An audience as a file for an ad platform."""

    help = (
        "Write an audience for an ad platform: e-mail and phone normalised and hashed, only of "
        "customers who agreed to marketing and ad_platforms, without those held out."
    )
    example = "manage.py export_audience 5f0c6a8e-… --form google --out audience.csv"

    def add_options(self, parser: CommandParser) -> None:
        """Which audience, for whom, where to."""
        parser.add_argument("audience", help="Id of the audience.")
        parser.add_argument("--form", choices=[*advertising()], required=True, help="The platform.")
        parser.add_argument("--out", type=Path, required=True, help="The file to write.")

    def work(self, **options: Any) -> Mapping[str, Any]:
        """Write it."""
        audience = _audience(options["audience"])
        try:
            with options["out"].open("w", encoding="utf-8", newline="") as file:
                return export_audience(
                    audience,
                    form=options["form"],
                    file=file,
                    by="export_audience",
                    now=timezone.now(),
                )
        except OSError as error:
            raise InvalidInput(f"Cannot write {options['out']}: {error.strerror}.") from error

    def show(self, report: Mapping[str, Any]) -> None:
        """How many, and why not more."""
        self.stdout.write(
            f"{report['written']:,} of {report['members']:,} members written; without consent "
            f"{report['without_consent']:,}, held out {report['held_out']:,}, without an address "
            f"{report['unaddressed']:,}."
        )


def _audience(name: str) -> Audience:
    try:
        found = Audience.objects.filter(pk=uuid.UUID(name)).first()
    except ValueError:
        raise InvalidInput(f"{name[:60]!r} is no id of an audience.") from None
    if found is None:
        raise NotFound(f"There is no audience {name}.")
    return found
