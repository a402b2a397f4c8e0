"""What other budgets would buy: the plan's curve over money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from launchopt.campaigns.models import Launch
from launchopt.campaigns.reporting.sections import Picture, Section, Table
from launchopt.campaigns.reporting.words import money, terms
from launchopt.operations import charts
from launchopt.operations.charts import Line, Tick

TITLE = "What another budget would buy"


def what_if_section(launch: Launch) -> Section:
    """Purchases expected of half the money, of all, of half as much again and of twice as much."""
    rows = launch.plan.get("what_if", [])
    if not rows:
        return Section(key="what_if", title=TITLE, empty="No budget has been laid out yet.")
    known = [row for row in rows if row["expected_response"] is not None]
    added = " that contacts add" if launch.goes_by_uplift else " from those contacted"
    return Section(
        key="what_if",
        title=TITLE,
        lead=f"The same plan at other budgets: purchases{added}. Where the curve flattens, more "
        "money would buy little.",
        pictures=(_picture(known, from_none=len(known) == len(rows)),) if len(known) > 1 else (),
        tables=(Table(("Budget", "Of yours", "Spent", "Purchases expected"), _told(rows, launch)),),
        terms=terms("expected purchases", "budget plan"),
    )


def _picture(rows: Sequence[Mapping[str, Any]], *, from_none: bool) -> Picture:
    """Budgets stand evenly, from none on, or from the least that can be where something must be
    spent."""
    nothing: list[Mapping[str, Any]] = [{"share": 0.0, "expected_response": 0.0}]
    shown = [*(nothing if from_none else []), *rows]
    ticks = [Tick(at, f"{100 * row['share']:g} %") for at, row in enumerate(shown)]
    line = Line("purchases expected", tuple(row["expected_response"] for row in shown))
    svg = charts.lines([line], ticks, title="Purchases expected at shares of the budget")
    return Picture(svg, "Across: the share of your budget. Upwards: the purchases it would bring.")


def _told(rows: Sequence[Mapping[str, Any]], launch: Launch) -> list[tuple[str, ...]]:
    found = []
    for row in rows:
        told = ("–", "less than must be spent")
        if row["expected_response"] is not None:
            spent = money(Decimal(row["spent"]), launch.currency)
            told = (spent, f"{row['expected_response']:,.1f}")
        budget = money(Decimal(row["budget"]), launch.currency)
        found.append((budget, f"{100 * row['share']:g} %", *told))
    return found
