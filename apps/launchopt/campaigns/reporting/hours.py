"""The section of the hours of the day: what was seen and bought in each, and what of it was caused.

What an hour's contacts caused may be bought later: the effect lies where the purchases were made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from launchopt.campaigns.models import Launch
from launchopt.campaigns.reporting.figures import hours_of
from launchopt.campaigns.reporting.sections import Picture, Section, Table
from launchopt.campaigns.reporting.words import local, p_cell, per_cent, signed, span, terms
from launchopt.conf import launchopt_settings
from launchopt.experiments.parts import effects_by_hour
from launchopt.operations import charts
from launchopt.operations.charts import Interval, Tick
from launchopt_core.inference import FEWEST_EVENTS

SURE = 0.05  # corrected p-value, below which an hour's effect counts as shown
TICKS = [Tick(hour, f"{hour}") for hour in range(0, 24, 3)]
COLUMNS = ("Hour", "Exposures", "Clicks", "Conversions", "Effect", "Interval", "Corrected p-value")

Counted = Mapping[int, Sequence[int]]  # hour -> exposures, clicks, conversions


def hour_effects(launch: Launch, *, until: datetime | None = None) -> list[dict[str, Any]]:
    """The effect on purchases made in each hour of the shop's day; none before the start."""
    if launch.experiment is None or launch.started_at is None:
        return []
    zone = launchopt_settings().time_zone
    return effects_by_hour(launch.experiment, zone=zone, until=until)


def hours_section(launch: Launch, *, until: datetime | None = None) -> Section:
    """At which hours of the day customers saw it, clicked and bought, and bought because of it."""
    title, counted = "By hour of the day", _counted(launch)
    if not any(seen for seen, _, _ in counted.values()):
        return Section(key="hours", title=title, empty="Nothing has been seen yet.")
    effects = hour_effects(launch, until=until)
    return Section(
        key="hours",
        title=title,
        lead=f"{_most(counted)} {_caused(effects)} Hours are those of the shop's own clock.",
        pictures=(_seen(counted), *_effects(effects)),
        tables=(Table(COLUMNS, _rows(counted, effects), caption="Hour by hour", folded=True),),
        terms=terms("exposures", "clicks", "conversions", "effect of an hour", "all hours"),
    )


def _counted(launch: Launch) -> Counted:
    sums = {hour: [0, 0, 0] for hour in range(24)}
    rows = hours_of(launch).values_list("starts_at", "exposures", "clicks", "conversions")
    for starts_at, *counts in rows:
        hour = local(starts_at).hour
        sums[hour] = [a + b for a, b in zip(sums[hour], counts, strict=True)]
    return sums


def _seen(counted: Counted) -> Picture:
    seen = [counted[hour][0] for hour in range(24)]
    return Picture(charts.columns(seen, TICKS, title="Exposures by hour of the day"), "Exposures.")


def _effects(effects: Sequence[Mapping[str, Any]]) -> tuple[Picture, ...]:
    """None where no hour has enough purchases to judge."""
    drawn = [_drawn(row) for row in effects]
    if all(each.low is None for each in drawn):
        return ()
    svg = charts.course(drawn, TICKS, title="Effect by the hour in which customers bought")
    return (
        Picture(
            svg,
            "Purchases per customer in that hour of those who could be contacted, minus those of "
            "the held-out. The intervals hold all at once: one that leaves zero out is shown.",
        ),
    )


def _drawn(row: Mapping[str, Any]) -> Interval:
    low, high = row["interval"] or (None, None)
    return Interval(f"{row['hour']:02}:00", low, row["effect"], high, signed(row["effect"]))


def _rows(counted: Counted, effects: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    by_hour = {row["hour"]: row for row in effects}
    return [
        (
            f"{hour:02}:00",
            f"{seen:,}",
            f"{clicks:,} ({per_cent(clicks, seen)})",
            f"{bought:,}",
            *_effect_told(by_hour.get(hour)),
        )
        for hour, (seen, clicks, bought) in counted.items()
        if seen or clicks or bought or by_hour.get(hour, {}).get("buyers")
    ]


def _effect_told(row: Mapping[str, Any] | None) -> tuple[str, str, str]:
    if row is None:
        return "–", "–", "–"
    if row["interval"] is None:
        return signed(row["effect"]), "too few purchases", "–"
    return signed(row["effect"]), span(row["interval"]), p_cell(row["adjusted_p_value"])


def _most(counted: Counted) -> str:
    """When most was seen and bought, in words."""
    seen = max(counted, key=lambda hour: (counted[hour][0], -hour))
    bought = max(counted, key=lambda hour: (counted[hour][2], -hour))
    told = f"Most was seen from {seen:02}:00 to {seen:02}:59"
    if not counted[bought][2]:
        return f"{told}; nothing has been bought yet."
    return f"{told}, and most was bought from {bought:02}:00 to {bought:02}:59."


def _caused(effects: Sequence[Mapping[str, Any]]) -> str:
    judged = [row for row in effects if row["adjusted_p_value"] is not None]
    shown = [row for row in judged if row["adjusted_p_value"] < SURE]
    if not judged:
        return f"No hour has the {FEWEST_EVENTS} buyers yet from which on an effect is judged."
    if not shown:
        return "For no hour alone has an effect been shown."
    more = [f"{row['hour']:02}:00" for row in shown if row["effect"] > 0]
    less = [f"{row['hour']:02}:00" for row in shown if row["effect"] < 0]
    told = [f"more in the hours from {', '.join(more)}"] if more else []
    told += [f"less in the hours from {', '.join(less)}"] if less else []
    return f"The launch made customers buy {' and '.join(told)}: more than chance explains."
