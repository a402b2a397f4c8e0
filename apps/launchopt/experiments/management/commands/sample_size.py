"""`manage.py sample_size`: how many customers it takes to find an effect."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from launchopt.operations.commands import LaunchOptCommand
from launchopt.operations.errors import InvalidInput
from launchopt_core import power
from launchopt_core.errors import ImpossibleInput


class Command(LaunchOptCommand):
    """Asks nothing of the shop."""

    help = "How many customers an experiment needs in all to find an effect on a share."
    example = "manage.py sample_size --control-rate 0.10 --effect 0.02 --control-share 0.1"

    def add_options(self, parser: ArgumentParser) -> None:
        """What is to be found, and how surely."""
        parser.add_argument(
            "--control-rate", type=float, required=True, help="Share who convert without it."
        )
        parser.add_argument(
            "--effect", type=float, required=True, help="Absolute change of that share to be found."
        )
        parser.add_argument("--control-share", type=float, default=0.5, help="Of all customers.")
        parser.add_argument("--alpha", type=float, default=0.05, help="Risk of a false alarm.")
        parser.add_argument("--power", type=float, default=0.8, help="Chance to find the effect.")
        parser.add_argument("--customers-a-day", type=float, help="Tells how many days it takes.")

    def work(
        self,
        *,
        control_rate: float,
        effect: float,
        customers_a_day: float | None,
        **options: Any,
    ) -> Mapping[str, Any]:
        """The size, and the days."""
        terms = {name: options[name] for name in ("control_share", "alpha", "power")}
        try:
            size = power.sample_size(control_rate, effect, **terms)
        except ImpossibleInput as error:
            raise InvalidInput(str(error)) from error
        if customers_a_day is not None and customers_a_day <= 0:
            raise InvalidInput("--customers-a-day is above 0.")
        return {"sample_size": size, "days": size / customers_a_day if customers_a_day else None}

    def show(self, report: Mapping[str, Any]) -> None:
        """One line."""
        days = f", about {report['days']:,.1f} days" if report["days"] else ""
        self.stdout.write(f"{report['sample_size']:,} customers in all{days}.")
