"""manage.py fit_response FILE --spend COLUMN --response COLUMN --by A,B [--out FILE.json]"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from django.core.management.base import CommandParser

from launchopt.campaigns.management.files import json_text, keep_text
from launchopt.operations.commands import LaunchOptCommand
from launchopt.operations.errors import InvalidInput
from launchopt_core.budget import Fitted, Rows, fit_hills
from launchopt_core.errors import ImpossibleInput


class Command(LaunchOptCommand):
    """Fit response curves to past spend, in the form that allocate_budget reads."""

    help = "Fit a response curve for each group of past spend; small groups lean on the others."
    example = "manage.py fit_response ads.csv --spend Spent --response Sales --by age,gender"

    def add_options(self, parser: CommandParser) -> None:
        """The file and its columns."""
        parser.add_argument("file", type=Path, help="CSV (also .gz) or Parquet, a row a placement.")
        parser.add_argument("--spend", required=True, help="Column with the money spent.")
        parser.add_argument("--response", required=True, help="Column with what came of it.")
        parser.add_argument("--by", required=True, help="Columns that make the groups: A,B.")
        parser.add_argument("--out", type=Path, help="Write the curves as JSON here.")

    def work(self, **options: Any) -> Mapping[str, Any]:
        """Read, fit, and keep the curves."""
        by = [name.strip() for name in options["by"].split(",") if name.strip()]
        table = _read(options["file"])
        rows = _rows(table, options["spend"], options["response"], by=by)
        groups = {
            key: Rows(part["spend"].to_numpy(), part["response"].to_numpy())
            for key, part in rows.partition_by(by, as_dict=True, maintain_order=True).items()
        }
        try:
            fitted = fit_hills(groups)
        except ImpossibleInput as error:
            raise InvalidInput(f"{options['file']}: {error}") from error
        curves = [curve_of(dict(zip(by, map(str, key), strict=True)), fit)
                  for key, fit in fitted.items()]  # fmt: skip
        report = {"rows": table.height, "left_out": table.height - rows.height, "curves": curves}
        if options["out"]:
            keep_text(json_text(report), options["out"])
        return report

    def show(self, report: Mapping[str, Any]) -> None:
        """A line for each curve."""
        self.stdout.write(
            f"{'group':<28}{'rows':>6}{'scale':>10}{'half':>10}{'shape':>7}"
            f"{'spend up to':>13}  response there (95 %)"
        )
        for curve in report["curves"]:
            line = (
                f"{curve['id'][:27]:<28}{curve['rows']:>6}{curve['scale']:>10.2f}"
                f"{curve['half']:>10.2f}{curve['shape']:>7.2f}{curve['spend_range'][1]:>13}"
            )
            if curve["responses"]:
                top = curve["responses"][-1]
                line += f"  {top['response']:.2f} ({top['low']:.2f} to {top['high']:.2f})"
            self.stdout.write(line)
        self.stdout.write(
            f"{report['rows']:,} rows read, {report['left_out']:,} left out (an empty value)."
        )


def curve_of(by: Mapping[str, str], fit: Fitted) -> dict[str, Any]:
    """A curve as allocate_budget reads it, with what is known of its accuracy."""
    return {
        "id": "/".join(by.values()),
        "by": dict(by),
        "kind": "hill",
        "scale": fit.curve.scale,
        "half": fit.curve.half,
        "shape": fit.curve.shape,
        "baseline": fit.baseline,
        "interval": {name: list(ends) for name, ends in fit.intervals.items()},
        "spend_range": [f"{end:.2f}" for end in fit.curve.fitted_on or ()],
        "responses": [told._asdict() for told in fit.responses],
        "rows": fit.rows,
    }


def _read(file: Path) -> pl.DataFrame:
    try:
        if file.suffix == ".parquet":
            return pl.read_parquet(file)
        return pl.read_csv(file, infer_schema_length=None)
    except (OSError, pl.exceptions.PolarsError) as error:
        words = " ".join(str(error).split())[:200]
        raise InvalidInput(f"Cannot read {file}: {words}") from error


def _rows(table: pl.DataFrame, spend: str, response: str, *, by: list[str]) -> pl.DataFrame:
    """The rows that have all values, with the columns `spend` and `response` as numbers."""
    if not by:
        raise InvalidInput("--by needs at least one column.")
    for name in (spend, response, *by):
        if name not in table.columns:
            known = ", ".join(table.columns)
            raise InvalidInput(f"There is no column {name!r}; the file has {known}.")
    for name in (spend, response):
        if not table[name].dtype.is_numeric():
            raise InvalidInput(f"The column {name!r} holds what is no number.")
    numbers = [
        pl.col(spend).cast(pl.Float64).alias("spend"),
        pl.col(response).cast(pl.Float64).alias("response"),
    ]
    return table.select(*[pl.col(name).cast(pl.String) for name in by], *numbers).drop_nulls()
