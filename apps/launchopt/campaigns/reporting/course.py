"""The section of the effect over time: every hour of which a result was kept, and each day's last.

Only intervals that hold at every look are drawn: a report is looked at whenever somebody wonders.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from launchopt.campaigns.models import Launch
from launchopt.campaigns.reporting.sections import Picture, Section, Table
from launchopt.campaigns.reporting.words import day, local, signed, span, terms
from launchopt.experiments.models import Result
from launchopt.operations import charts
from launchopt.operations.charts import Interval, Tick

FEWEST = 2  # results of a variant, from which on there is a course
MOST_TICKS = 8
COLUMNS = ("Day", "Variant", "Customers", "Effect", "Interval of one look", "Of every look")


def effects_over_time(launch: Launch) -> list[dict[str, Any]]:
    """What each variant showed at each hour of which a result was kept, the first hour first."""
    return [
        {
            "until": result.until.isoformat(),
            "variant": result.variant.name,
            "n": result.n,
            "control_n": result.control_n,
            "effect": result.effect,
            "interval": _interval_of(result),
            "always_valid_interval": _always_valid(result),
        }
        for result in _kept(launch)
    ]


def over_time_section(launch: Launch) -> Section:
    """How the effect's interval narrowed from hour to hour."""
    title, found = "The effect over time", _kept(launch)
    by_variant: dict[str, list[Result]] = {}
    for result in found:
        by_variant.setdefault(result.variant.name, []).append(result)
    drawn = {name: rows for name, rows in by_variant.items() if len(rows) >= FEWEST}
    if not drawn:
        return Section(
            key="over-time", title=title, empty="Results are kept hour by hour; look again later."
        )
    return Section(
        key="over-time",
        title=title,
        lead="The intervals hold at every look, however often somebody looks: once one of them "
        "leaves zero out, the effect is shown.",
        pictures=tuple(_picture(name, rows) for name, rows in drawn.items()),
        tables=(Table(COLUMNS, _by_day(found), caption="Day by day", folded=True),),
        terms=terms("effect", "interval", "every look"),
    )


def _kept(launch: Launch) -> list[Result]:
    rows = Result.objects.filter(experiment=launch.experiment_id, effect__isnull=False)
    return list(rows.select_related("variant").order_by("until", "variant__name"))


def _picture(name: str, rows: Sequence[Result]) -> Picture:
    svg = charts.course(
        [_drawn(result) for result in rows],
        _ticks(rows),
        title=f"Effect of {name} hour by hour, with the interval of every look",
    )
    return Picture(svg, f"“{name}” against the held-out, in purchases per customer.")


def _drawn(result: Result) -> Interval:
    low, high = _always_valid(result) or _interval_of(result) or (None, None)
    return Interval(day(result.until), low, result.effect, high, signed(result.effect))


def _ticks(rows: Sequence[Result]) -> list[Tick]:
    """The first result of each day, as many as there is room for; a short first day has none."""
    days: dict[str, int] = {}
    for place, result in enumerate(rows):
        days.setdefault(f"{local(result.until):%d %b}", place)
    found = [Tick(place, name) for name, place in days.items()]
    room = len(rows) / MOST_TICKS / 2
    if len(found) > 1 and found[1].at < room:
        found = found[1:]
    return found[:: -(-len(found) // MOST_TICKS)]


def _by_day(found: Sequence[Result]) -> list[tuple[str, ...]]:
    last = {(day(result.until), result.variant.name): result for result in found}
    return [
        (
            name,
            variant,
            f"{result.n:,}",
            signed(result.effect),
            span(_interval_of(result)),
            span(_always_valid(result)),
        )
        for (name, variant), result in last.items()
    ]


def _interval_of(result: Result) -> tuple[float, float] | None:
    """The interval of one look."""
    return _both(result.interval_low, result.interval_high)


def _always_valid(result: Result) -> tuple[float, float] | None:
    """None for what an older release kept."""
    return _both(result.always_valid_low, result.always_valid_high)


def _both(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)
