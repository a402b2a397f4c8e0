"""The sections of whom the launch moved: its effect by persona and by audience."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from launchopt.campaigns.models import Launch
from launchopt.campaigns.reporting.figures import audience_names
from launchopt.campaigns.reporting.sections import Picture, Section, Table
from launchopt.campaigns.reporting.words import p_cell, p_words, signed, span, terms
from launchopt.experiments.parts import effects_by_audience, effects_by_persona
from launchopt.operations import charts
from launchopt.operations.charts import Interval

SHOWN = {"ship": "bought more", "keep_control": "bought less"}  # verdicts on customers, not arms
SURE = 0.05  # p-value of a difference between personas, below which it is told as one


def persona_effects(launch: Launch, *, until: datetime | None = None) -> dict[str, Any] | None:
    """The effect by persona; None before the start, and where there is only one to tell of."""
    if launch.experiment is None or launch.started_at is None:
        return None
    return effects_by_persona(launch.experiment, until=until)


def audience_effects(launch: Launch, *, until: datetime | None = None) -> list[dict[str, Any]]:
    """The effect on each audience that the launch was planned for, as feedback judges it."""
    names = audience_names(launch)
    if launch.experiment is None or launch.started_at is None or not names:
        return []
    rows = effects_by_audience(launch.experiment, audiences=list(names), until=until)
    return [row | {"audience": names[UUID(row["group"])]} for row in rows]


def personas_section(launch: Launch, *, until: datetime | None = None) -> Section:
    """Whom it moved more and whom less, and whether that is more than chance."""
    title, found = "Whom it moved", persona_effects(launch, until=until)
    if found is None:
        return Section(
            key="personas",
            title=title,
            empty="Too few customers with a persona so far to compare one with another.",
        )
    return Section(
        key="personas",
        title=title,
        lead=lead_of(found),
        pictures=(_picture(found["results"], of="persona"),),
        tables=(Table(("Persona", *COLUMNS), [_told(r, "persona") for r in found["results"]]),),
        terms=terms("effect", "interval", "persona", "corrected p-value"),
    )


def audiences_section(launch: Launch, *, until: datetime | None = None) -> Section:
    """What it did to each audience; of these feedback leaves alone whom it harms."""
    title, rows = "What it did to each audience", audience_effects(launch, until=until)
    if not rows:
        return Section(
            key="audiences-moved", title=title, empty="Too few customers of any audience so far."
        )
    return Section(
        key="audiences-moved",
        title=title,
        lead=f"{_moved(rows, of='audience')} Intervals hold at every look. By them a launch "
        "stops speaking to an audience that it makes buy less, as far as its feedback may.",
        pictures=(_picture(rows, of="audience"),),
        tables=(Table(("Audience", *COLUMNS), [_told(row, "audience") for row in rows]),),
        terms=terms("effect", "every look", "corrected p-value"),
    )


COLUMNS = ("Customers", "Held out", "Effect", "Interval", "Corrected p-value", "Verdict")


def _picture(rows: Sequence[Mapping[str, Any]], *, of: str) -> Picture:
    drawn = [_interval(row, of) for row in rows]
    return Picture(
        charts.intervals(drawn, title=f"Effect by {of} with its interval"),
        "Purchases per customer of those who could be contacted minus those of the held-out, among "
        f"customers of the same {of}.",
    )


def lead_of(found: Mapping[str, Any]) -> str:
    """What the table says, in words."""
    told = _moved(found["results"], of="persona")
    return f"{told} {_difference(found['differ']['p_value'])}"


def _moved(results: Sequence[Mapping[str, Any]], *, of: str) -> str:
    rows = sorted(results, key=lambda row: -abs(row["effect"] or 0))
    moved = [row[of] for row in rows if row["code"] == "ship"]
    harmed = [row[of] for row in rows if row["code"] == "keep_control"]
    told = []
    if moved:
        told.append(f"It made {_list(moved)} buy more.")
    if harmed:
        told.append(f"It made {_list(harmed)} buy less.")
    if not told:
        told.append(f"For no {of} alone has an effect been shown.")
    return " ".join(told)


def _difference(p_value: float | None) -> str:
    if p_value is None:
        return "Whether personas differ cannot be told yet."
    if p_value < SURE:
        return f"Personas differ by more than chance explains ({p_words(p_value)})."
    return f"That personas differ has not been shown ({p_words(p_value)}): treat them alike."


def _list(names: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)


def _interval(row: Mapping[str, Any], of: str) -> Interval:
    if row["effect"] is None or row["interval"] is None:
        return Interval(row[of], None, None, None, "too few customers to tell")
    low, high = row["interval"]
    return Interval(row[of], low, row["effect"], high, signed(row["effect"]))


def _told(row: Mapping[str, Any], of: str) -> tuple[str, ...]:
    return (
        row[of],
        f"{row['n']:,}",
        f"{row['control_n']:,}",
        signed(row["effect"]),
        span(row["interval"]),
        p_cell(row["adjusted_p_value"]),
        SHOWN.get(row["code"], row["verdict"]),
    )
