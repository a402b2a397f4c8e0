"""`manage.py analyse_experiment`: what an experiment of one's own showed."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from launchopt.experiments.study.analysing import Question, analyse
from launchopt.experiments.study.cells import Layout, cells_of_moments, cells_of_units
from launchopt.experiments.study.output import aligned, write_json
from launchopt.operations.commands import LaunchOptCommand
from launchopt.operations.errors import InvalidInput
from launchopt_core.errors import ImpossibleInput
from launchopt_core.inference import Correction, Method, Terms

WAYS = {
    "fixed": "one look at a planned time (Welch's means, Wald's proportions)",
    "sequential": "valid at every look (asymptotic confidence sequence)",
    "bayesian": "belief under a flat prior on the difference",
}
SHOWN = 40  # rows of the table; --json and --out have all


class Command(LaunchOptCommand):
    """Compares each variant of a file with its control."""

    help = (
        "Compare the variants of an experiment in a file of your own: effects, intervals, the "
        "check of group sizes and a verdict. Rows of one unit are summed, its covariate too."
    )
    example = (
        "manage.py analyse_experiment visits.csv --unit customer --variant arm --control holdout "
        "--metric visit=visited spend=revenue --covariate spend_before"
    )

    def add_options(self, parser: ArgumentParser) -> None:
        """What the columns mean, and how the differences are read."""
        parser.add_argument("file", type=Path, metavar="FILE", help="CSV (also .gz) or Parquet.")
        parser.add_argument("--unit", metavar="COLUMN", help="Without it each row is a unit.")
        parser.add_argument("--variant", metavar="COLUMN", help="Who was in which variant.")
        parser.add_argument("--control", metavar="NAME", required=True, help="To compare with.")
        parser.add_argument(
            "--metric",
            nargs="+",
            action="extend",
            default=[],
            metavar="NAME=COLUMN[/DENOMINATOR]",
            help="A column, or the ratio of two; only 0 and 1 make it a proportion.",
        )
        parser.add_argument(
            "--quantile",
            nargs="+",
            action="extend",
            default=[],
            metavar="NAME=COLUMN@LEVEL",
            help="Of the rows, such as wait=seconds@0.9; those of one unit cling together.",
        )
        parser.add_argument(
            "--winsorise",
            type=float,
            metavar="SHARE",
            help="Units' sums above this quantile of those that are not 0, such as 0.999, count as "
            "it.",
        )
        parser.add_argument(
            "--exposed-at",
            metavar="COLUMN",
            help="First-exposure analysis: when the row's unit saw its variant, empty for never. "
            "Who never did is left out, and rows before it do not count.",
        )
        parser.add_argument("--at", metavar="COLUMN", help="When a row happened.")
        parser.add_argument("--covariate", metavar="COLUMN", help="Known beforehand; for CUPED.")
        parser.add_argument("--by", metavar="COLUMN", help="Analyse each of its values apart.")
        parser.add_argument(
            "--moments",
            action="store_true",
            help="The file holds group, variant, metric, kind, count, sum, sum_squares instead.",
        )
        self._add_reading(parser)

    def _add_reading(self, parser: ArgumentParser) -> None:
        parser.add_argument("--method", choices=[*map(str, Method)], default=str(Method.FIXED))
        parser.add_argument("--alpha", type=float, default=0.05, help="Risk of a false alarm.")
        parser.add_argument(
            "--tuning",
            type=float,
            default=5_000,
            help="Units at which the sequential interval is tightest.",
        )
        parser.add_argument(
            "--expected",
            nargs="+",
            action="extend",
            default=[],
            metavar="NAME=WEIGHT",
            help="Planned sizes of the variants; without them, equal.",
        )
        parser.add_argument(
            "--correction",
            choices=[*map(str, Correction)],
            default=str(Correction.NONE),
            help="Over all metrics and variants of a group: Holm or Benjamini-Hochberg.",
        )
        parser.add_argument(
            "--margin",
            type=float,
            default=0.02,
            help="Share of the control's mean below which an effect is none.",
        )
        parser.add_argument(
            "--guardrail",
            nargs="+",
            action="extend",
            default=[],
            metavar="NAME=SHARE",
            help="A metric that may not fall (-0.02) or rise (0.02) by more than that share.",
        )
        parser.add_argument("--days", type=float, help="It has run; tells what is missing in days.")
        parser.add_argument("--out", type=Path, metavar="FILE", help="The whole result as JSON.")

    def work(self, *, file: Path, out: Path | None, **options: Any) -> Mapping[str, Any]:
        """Read the file, and analyse it."""
        try:
            question = _question(options)
            report = analyse(_cells(file, options), question)
        except ImpossibleInput as error:
            raise InvalidInput(str(error)) from error
        if out:
            write_json(out, report)
        self._way = f"{WAYS[options['method']]}, {100 * (1 - question.terms.alpha):g} % intervals"
        return report

    def show(self, report: Mapping[str, Any]) -> None:
        """A row for each comparison, then what is wrong with the groups' sizes."""
        self.stdout.write(f"Each variant against its control: {self._way}.")
        verdicts = [row["verdict"] for row in report["verdicts"]]
        lines = [_line(row, told) for row, told in zip(report["results"], verdicts, strict=True)]
        head = ("group", "metric", "variant", "n", "mean", "control", "effect", "interval", "p")
        for line in aligned([(*head, "verdict"), *lines[:SHOWN]]):
            self.stdout.write(line)
        if len(lines) > SHOWN:
            self.stdout.write(f"... and {len(lines) - SHOWN:,} more: see --json or --out.")
        for ratio in report["sample_ratio"][:SHOWN]:
            words = "as expected" if ratio["ok"] else "NOT as expected: trust no result of it"
            self.stdout.write(f"Sizes of {ratio['group']}: {words} (p = {ratio['p_value']:.3g}).")


def _cells(file: Path, options: Mapping[str, Any]) -> Any:
    if options["moments"]:
        return cells_of_moments(file)
    if not options["variant"]:
        raise InvalidInput("Name the column of the variants with --variant, or pass --moments.")
    names = ("variant", "unit", "covariate", "by", "winsorise", "at", "exposed_at")
    layout = Layout(
        measures=options["metric"],
        quantiles=options["quantile"],
        **{name: options[name] for name in names},
    )
    return cells_of_units(file, layout)


def _question(options: Mapping[str, Any]) -> Question:
    days = 1.0 if options["days"] is None else options["days"]
    if not (options["margin"] >= 0 and days > 0):
        raise InvalidInput("--margin is 0 or more, --days is above 0.")
    return Question(
        control=options["control"],
        terms=Terms(
            method=Method(options["method"]),
            alpha=options["alpha"],
            tuning=options["tuning"],
            correction=Correction(options["correction"]),
        ),
        expected=dict(_share(text, "--expected") for text in options["expected"]),
        guardrails=dict(_share(text, "--guardrail") for text in options["guardrail"]),
        margin=options["margin"],
        days=options["days"],
    )


def _share(text: str, option: str) -> tuple[str, float]:
    name, _, value = text.rpartition("=")
    try:
        return name, float(value)
    except ValueError:
        raise InvalidInput(f"{option} {text!r}: write NAME=NUMBER, such as B=0.5.") from None


def _line(row: Mapping[str, Any], verdict: str) -> tuple[str, ...]:
    interval = row["interval"]
    return (
        row["group"],
        row["metric"],
        row["variant"],
        f"{row['n']:,}",
        _figure(row["mean"]),
        _figure(row["control_mean"]),
        _figure(row["effect"]),
        f"[{interval[0]:.4g}, {interval[1]:.4g}]" if interval else "—",
        _figure(row.get("adjusted_p_value", row["p_value"])),
        verdict,
    )


def _figure(value: float | None) -> str:
    return "—" if value is None else f"{value:.4g}"
