"""`manage.py backtest`: how well interest would have been known at past instants."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from launchopt.operations.commands import LaunchOptCommand, instant_argument
from launchopt.operations.errors import InvalidInput
from launchopt.operations.runs import Work


class Command(LaunchOptCommand):
    """Hides everything after a cutoff and predicts who bought the products first seen after it."""

    help = "Measure the interest model and its baselines on launches of the past."
    example = "manage.py backtest --cutoff 2026-03-01 --horizon-days 60 --cutoffs 2"

    def add_options(self, parser: ArgumentParser) -> None:
        """The cutoffs, the horizon, and which products are ranked."""
        parser.add_argument(
            "--cutoff", type=instant_argument, required=True, help="Nothing after it is known."
        )
        parser.add_argument(
            "--cutoffs", type=int, default=1, help="How many, each a horizon before the last."
        )
        parser.add_argument(
            "--horizon-days", type=int, required=True, help="Days in which purchases are counted."
        )
        parser.add_argument(
            "--min-buyers", type=int, default=20, help="Buyers a product needs to be ranked."
        )
        parser.add_argument("--seed", type=int, default=0, help="Of training and of ties.")

    def work(
        self,
        *,
        cutoff: datetime,
        cutoffs: int,
        horizon_days: int,
        min_buyers: int,
        seed: int,
        **options: Any,
    ) -> Mapping[str, Any]:
        """Read the shop once, then train and predict at each cutoff."""
        from launchopt_ml import backtest as ml
        from launchopt_ml.shop import instant
        from launchopt_workers.prediction.reading import encoder_name, read_texts
        from launchopt_workers.prediction.shops import stored_shop

        if min(cutoffs, horizon_days, min_buyers) < 1:
            raise InvalidInput("--cutoffs, --horizon-days and --min-buyers are 1 or more.")
        self.note("Read texts and histories")
        read_texts(Work(None, clock=timezone.now))
        until = cutoff + timedelta(days=horizon_days)
        shop = stored_shop(before=until, encoder=encoder_name()).shop
        trials = ml.trials_back_from(
            instant(cutoff),
            count=cutoffs,
            horizon_days=float(horizon_days),
            min_buyers=min_buyers,
            seed=seed,
        )
        try:
            return ml.backtest(shop, trials, progress=self.note)
        except ml.NothingToTest as nothing:
            raise InvalidInput(f"{nothing} Choose another cutoff, or fewer buyers.") from nothing

    def show(self, report: Mapping[str, Any]) -> None:
        """One row for the model and for each baseline."""
        from launchopt_ml.backtest import table_of

        for line in table_of(dict(report)):
            self.stdout.write(line)
