"""`manage.py evaluate_policy`: what another policy would have earned, from a log of one's own."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from launchopt.experiments.study.output import aligned, write_json
from launchopt.experiments.study.policies import Columns, read_log_and_policy, told
from launchopt.operations.commands import LaunchOptCommand
from launchopt.operations.errors import InvalidInput
from launchopt_core.errors import ImpossibleInput
from launchopt_core.offpolicy import evaluate, promotion

WAYS = {
    "ips": "rewards weighed by how much likelier the policy makes their action",
    "snips": "the same, divided by the mean weight",
    "direct": "a model of the reward; the interval holds the model's error",
    "doubly_robust": "the model, corrected by weighted residuals",
}

WIDE = 0.5  # an interval as wide as half of the value, or wider


class Command(LaunchOptCommand):
    """Judges a policy by the choices of another."""

    help = (
        "Estimate the mean reward per row that a policy would have earned, from a log whose "
        "propensities are known. A row that the policy's file does not name has probability 0."
    )
    example = (
        "manage.py evaluate_policy log.csv.gz --action item_id --reward click "
        "--propensity propensity_score --slot position --policy new.csv"
    )

    def add_options(self, parser: ArgumentParser) -> None:
        """What the log's columns mean, and the policy."""
        parser.add_argument("log", type=Path, metavar="LOG", help="CSV (also .gz) or Parquet.")
        parser.add_argument("--action", required=True, metavar="COLUMN", help="What was chosen.")
        parser.add_argument("--reward", required=True, metavar="COLUMN", help="What came of it.")
        parser.add_argument(
            "--propensity", required=True, metavar="COLUMN", help="How likely the choice was."
        )
        parser.add_argument("--slot", metavar="COLUMN", help="Where it was shown, if it matters.")
        parser.add_argument(
            "--features", default="", metavar="A,B", help="Columns that describe the context."
        )
        parser.add_argument(
            "--policy",
            type=Path,
            required=True,
            metavar="FILE",
            help="Columns action, [slot,] [features,] probability; the log's names do as well.",
        )
        parser.add_argument("--alpha", type=float, default=0.05, help="1 - confidence.")
        parser.add_argument("--seed", type=int, default=0, help="Of the folds of doubly robust.")
        parser.add_argument("--out", type=Path, metavar="FILE", help="The whole result as JSON.")

    def work(
        self, *, log: Path, policy: Path, alpha: float, seed: int, out: Path | None, **options: Any
    ) -> Mapping[str, Any]:
        """Read both files, and evaluate."""
        columns = Columns(
            action=options["action"],
            reward=options["reward"],
            propensity=options["propensity"],
            slot=options["slot"],
            features=[name.strip() for name in options["features"].split(",") if name.strip()],
        )
        try:
            rows, rules = read_log_and_policy(log, policy, columns)
            found = evaluate(rows, rules, rng=np.random.default_rng(seed), alpha=alpha)
        except ImpossibleInput as error:
            raise InvalidInput(str(error)) from error
        report = told(found, promotion(found))
        if out:
            write_json(out, report)
        return report

    def show(self, report: Mapping[str, Any]) -> None:
        """A row for each estimator, and whether the policy may be promoted."""
        rows = [("estimate", "value", "interval", "", "how")]
        for name, way in WAYS.items():
            value, (low, high) = report[name]["value"], report[name]["interval"]
            width = "wide" if high - low > WIDE * abs(value) else ""
            rows.append((name, f"{value:.5g}", f"[{low:.5g}, {high:.5g}]", width, way))
        low, high = report["on_policy_interval"]
        value = f"{report['on_policy_value']:.5g}"
        rows.append(("in force", value, f"[{low:.5g}, {high:.5g}]", "", "mean reward of the log"))
        for line in aligned(rows):
            self.stdout.write(line)
        self.stdout.write(f"Effective sample: {report['effective_sample_size']:,.0f} rows.")
        verdict = "allowed" if report["promotion"]["allowed"] else "refused"
        self.stdout.write(f"Promotion {verdict}: {report['promotion']['reason']}.")
