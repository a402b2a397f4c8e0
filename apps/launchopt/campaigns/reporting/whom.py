"""The section of whom the launch moved: its effect by persona."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from launchopt.campaigns.models import Launch
from launchopt.campaigns.reporting.sections import Picture, Section, Table
from launchopt.campaigns.reporting.words import p_words, signed, span, terms
from launchopt.experiments.parts import effects_by_persona
from launchopt.operations import charts
from launchopt.operations.charts import Interval

SURE = 0.05  # p-value of a difference between personas, below which it is told as one


def persona_effects(launch: Launch, *, until: datetime | None = None) -> dict[str, Any] | None:
    """The effect by persona; None before the start, and where there is only one to tell of."""
    if launch.experiment is None or launch.started_at is None:
        return None
    return effects_by_persona(launch.experiment, until=until)


def personas_section(launch: Launch, *, until: datetime | None = None) -> Section:
    """Whom it moved more and whom less, and whether that is more than chance."""
    title, found = "Whom it moved", persona_effects(launch, until=until)
    if found is None:
        return Section(
            key="personas",
            title=title,
            empty="Too few customers with a persona so far to compare one with another.",
        )
    rows = found["results"]
    drawn = [_interval(row) for row in rows]
    return Section(
        key="personas",
        title=title,
        lead=lead_of(found),
        pictures=(
            Picture(
                charts.intervals(drawn, title="Effect by persona with its interval"),
                "Purchases per customer of those who could be contacted minus those of the "
                "held-out, among customers of the same persona.",
            ),
        ),
        tables=(Table(COLUMNS, [_told(row) for row in rows]),),
        terms=terms("effect", "interval", "persona", "corrected p-value"),
    )


COLUMNS = ("Persona", "Customers", "Held out", "Effect", "Interval", "Corrected p-value", "Verdict")


def lead_of(found: Mapping[str, Any]) -> str:
    """What the table says, in words."""
    rows = sorted(found["results"], key=lambda row: -abs(row["effect"] or 0))
    moved = [row["persona"] for row in rows if row["code"] == "ship"]
    harmed = [row["persona"] for row in rows if row["code"] == "keep_control"]
    told = []
    if moved:
        told.append(f"It made {_list(moved)} buy more.")
    if harmed:
        told.append(f"It made {_list(harmed)} buy less.")
    if not told:
        told.append("For no persona alone has an effect been shown.")
    return " ".join([*told, _difference(found["differ"]["p_value"])])


def _difference(p_value: float | None) -> str:
    if p_value is None:
        return "Whether personas differ cannot be told yet."
    if p_value < SURE:
        return f"Personas differ by more than chance explains ({p_words(p_value)})."
    return f"That personas differ has not been shown ({p_words(p_value)}): treat them alike."


def _list(names: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)


def _interval(row: Mapping[str, Any]) -> Interval:
    if row["effect"] is None or row["interval"] is None:
        return Interval(row["persona"], None, None, None, "too few customers to tell")
    low, high = row["interval"]
    return Interval(row["persona"], low, row["effect"], high, signed(row["effect"]))


def _told(row: Mapping[str, Any]) -> tuple[str, ...]:
    p_value = row["adjusted_p_value"]
    return (
        row["persona"],
        f"{row['n']:,}",
        f"{row['control_n']:,}",
        signed(row["effect"]),
        span(row["interval"]),
        "–" if p_value is None else f"{p_value:.3f}",
        row["verdict"],
    )
