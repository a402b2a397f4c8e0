"""manage.py allocate_budget PROBLEM.json [--out FILE.json] [--json]"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from launchopt.campaigns.management.files import json_text, keep_text, quiet_output, text_of
from launchopt.operations.commands import LaunchOptCommand
from launchopt.operations.errors import InvalidInput
from launchopt_core.budget import Infeasible, Plan, Problem, beyond_data, parse, solve
from launchopt_core.errors import ImpossibleInput

SHOWN = 40  # cells in the table; --json and --out have all


class Command(LaunchOptCommand):
    """Split a budget over cells with response curves, under every constraint, to the cent."""

    help = "Split a budget over cells where it brings most, under every constraint, to the cent."
    example = "manage.py allocate_budget problem.json --out plan.json"

    def add_options(self, parser: CommandParser) -> None:
        """The problem, and where the plan goes."""
        parser.add_argument("problem", type=Path, help="JSON: total, currency, cells, groups.")
        parser.add_argument("--out", type=Path, help="Write the whole plan as JSON here.")

    def work(self, **options: Any) -> Mapping[str, Any]:
        """Read, solve, and keep the plan or what stands in its way."""
        try:
            problem = parse(text_of(options["problem"]))
            with quiet_output():
                plan = solve(problem)
        except Infeasible as error:
            self._keep({"status": "infeasible", "conflict": error.conflict}, **options)
            raise InvalidInput(f"No plan keeps all constraints. {error}") from error
        except ImpossibleInput as error:
            raise InvalidInput(f"{options['problem']}: {error}") from error
        report = report_of(problem, plan)
        if options["out"]:
            keep_text(json_text(report), options["out"])
        return report

    def _keep(self, report: Mapping[str, Any], **options: Any) -> None:
        if options["out"]:
            keep_text(json_text(report), options["out"])
        if options["json"]:
            self.stdout.write(json_text(report), ending="")

    def show(self, report: Mapping[str, Any]) -> None:
        """The cells that get most, and how good the plan is proven to be."""
        cells = sorted(report["cells"].items(), key=lambda cell: -float(cell[1]))
        for name, amount in cells[:SHOWN]:
            self.stdout.write(f"{name[:48]:<48}{amount:>16}")
        if len(cells) > SHOWN:
            self.stdout.write(f"and {len(cells) - SHOWN:,} more cells (--out writes all)")
        self.stdout.write(f"{'spent':<48}{report['spent']:>16}")
        self.stdout.write(
            f"{'unspent, as it would buy nothing or may not':<48}{report['unspent']:>16}"
        )
        self.stdout.write(
            f"Expected response {report['expected_response']:,.4f}; "
            f"no plan can pass {report['upper_bound']:,.4f}."
        )
        if beyond := report.get("beyond_data"):
            self.stdout.write(
                f"{beyond['share']:.1%} of the spend lies above what its curves were fitted on "
                f"({len(beyond['cells'])} cells)."
            )


def report_of(problem: Problem, plan: Plan) -> dict[str, Any]:
    """The plan as it is written, and how far it goes beyond the data where curves tell theirs."""
    report: dict[str, Any] = {
        "status": "optimal",
        "cells": {name: f"{amount:f}" for name, amount in plan.cells.items()},
        "spent": f"{plan.spent:f}",
        "unspent": f"{plan.unspent:f}",
        "expected_response": plan.expected_response,
        "upper_bound": plan.upper_bound,
    }
    if (beyond := beyond_data(problem, plan)) is not None:
        report["beyond_data"] = {"share": beyond[0], "cells": beyond[1]}
    return report
