"""What a launch was expected to see, beside what it sees; the expectation follows what is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max

from launchopt.campaigns.models import Launch
from launchopt.campaigns.reporting.figures import hours_of
from launchopt.campaigns.reporting.sections import Picture, Section, Table
from launchopt.campaigns.reporting.words import day, terms
from launchopt.campaigns.selectors.analogs import Analog, counts_by_day
from launchopt.campaigns.services.expecting import KINDS
from launchopt.operations import charts
from launchopt.operations.charts import Line, Tick
from launchopt_core.course import share_over
from launchopt_core.forecast import Expected, Rates, expected

DAY = timedelta(days=1)
MOST_TICKS = 10


@dataclass(frozen=True)
class Course:
    """One kind of event over a launch: its belief from the plan, and what was counted by day."""

    plan: Mapping[str, Any]
    by_day: Sequence[int]  # of the days that have begun
    days: float  # that have passed

    @property
    def seen(self) -> int:
        return sum(self.by_day)

    def at_end(self) -> Expected:
        """The count at the launch's end, knowing what was counted."""
        return self.at(len(self.plan["curve"]))

    def at(self, day: float) -> Expected:
        """The same at the end of a day that is still to come."""
        over = share_over(self.plan["curve"], days=self.days)
        then = max(share_over(self.plan["curve"], days=day), over, 1e-9)
        return expected(
            Rates(**self.plan["rates"]),
            exposure=self.plan["exposure"],
            share=over,
            seen=self.seen,
            until=then,
        )


def forecast_told(launch: Launch, *, until: datetime | None = None) -> dict[str, Any] | None:
    """Each figure as planned and as expected now, with intervals of 80 %; None without a plan."""
    found = _courses(launch, until=until)
    return _figures(launch, found) if found else None


def _figures(launch: Launch, found: Mapping[str, Course]) -> dict[str, Any]:
    told = {name: _told(course) for name, course in found.items()}
    pieces, bought = launch.plan["forecast"]["pieces"], told["purchases"]
    return told | {
        "pieces": {
            "planned": pieces["value"],
            "planned_interval": [pieces["low"], pieces["high"]],
            "expected": bought["expected"] * pieces["each"],
            "interval": [limit * pieces["each"] for limit in bought["interval"]],
            "so_far": None,
            "source": pieces["source"],
        }
    }


def forecast_section(launch: Launch, *, until: datetime | None = None) -> Section:
    """The curve of purchases as expected and as counted, and all figures in a table."""
    title, found = "What was to be expected", _courses(launch, until=until)
    if not found:
        return Section(key="forecast", title=title, empty="The plan holds no forecast yet.")
    told, course = _figures(launch, found), found["purchases"]
    return Section(
        key="forecast",
        title=title,
        lead=_lead(told["purchases"], course),
        pictures=(
            Picture(
                charts.lines(_lines(course), _ticks(launch, course), title=TITLE),
                "Everything that customers bought of the product, whoever was contacted, added up "
                f"from the first day on. {_sentence(course.plan['detail'])}",
            ),
        ),
        tables=(Table(COLUMNS, [_row(name, each) for name, each in told.items()]),),
        terms=terms("forecast", "analog"),
    )


TITLE = "Purchases counted and expected, added up over the launch"
COLUMNS = ("What", "Planned", "Planned, 80 of 100", "So far", "Expected at the end", "80 of 100")


def _courses(launch: Launch, *, until: datetime | None) -> dict[str, Course]:
    plan = launch.plan.get("forecast")
    if not plan:
        return {}
    end = _seen_until(launch, until=until)
    passed = max((end - launch.starts_at) / DAY, 0.0) if end else 0.0
    return {
        name: Course(plan[name], _by_day(launch, end, kind=kind), passed)
        for name, kind in KINDS.items()
    }


def _seen_until(launch: Launch, *, until: datetime | None) -> datetime | None:
    """The first instant of which nothing is counted yet; None before the start."""
    if launch.started_at is None:
        return None
    last = hours_of(launch).aggregate(last=Max("starts_at"))["last"]
    known = until or launch.finished_at or launch.clock_at or (last and last + DAY / 24)
    return min(known, launch.ends_at) if known else launch.started_at


def _by_day(launch: Launch, end: datetime | None, *, kind: str) -> list[int]:
    """Events of the product on each day of the launch that has begun."""
    if end is None or end <= launch.starts_at:
        return []
    own = Analog(launch.product_id, launch.product.sku, None, launch.starts_at, 0)
    counted = counts_by_day([own], length=end - launch.starts_at, kind=kind)
    return [int(count) for count in counted[0]]


def _told(course: Course) -> dict[str, Any]:
    now = course.at_end()
    return {
        "planned": course.plan["value"],
        "planned_interval": [course.plan["low"], course.plan["high"]],
        "expected": now.mean,
        "interval": [now.low, now.high],
        "so_far": course.seen,
        "source": course.plan["source"],
    }


def _lead(told: Mapping[str, Any], course: Course) -> str:
    low, high = told["planned_interval"]
    planned = (
        f"{told['planned']:,.0f} purchases were to be expected, {low:,.0f} to {high:,.0f} in 80 of "
        "100 such launches."
    )
    if course.days == 0:
        return planned.replace("were to be", "are")
    low, high = told["interval"]
    if low == high:
        return f"{planned} It came to {told['so_far']:,}."
    return (
        f"{planned} With {told['so_far']:,} so far, {told['expected']:,.0f} are expected now, "
        f"{low:,.0f} to {high:,.0f}."
    )


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _lines(course: Course) -> list[Line]:
    """Counted and planned, and the limits of 80 of 100: of what is to come, or, once all is in, as
    they were planned. All from zero."""
    count, begun = len(course.plan["curve"]), len(course.by_day)
    counted = [0.0]
    for events in course.by_day:
        counted.append(counted[-1] + events)
    is_over = course.days >= count
    view = Course(course.plan, [], 0.0) if is_over else course
    known = [0.0] if is_over else counted
    ahead = [view.at(number) for number in range(len(known), count + 1)]
    limits = [
        Line("low", (*known, *(each.low for each in ahead))),
        Line("high", (*known, *(each.high for each in ahead))),
    ]
    planned = Line("planned", (0.0, *(s * course.plan["value"] for s in course.plan["curve"])))
    return [Line("counted", tuple(counted)), planned, *limits] if begun else [planned, *limits]


def _ticks(launch: Launch, course: Course) -> list[Tick]:
    count = len(course.plan["curve"])
    each = max(1, -(-count // MOST_TICKS))
    return [
        Tick(number, day(launch.starts_at + number * DAY)[5:])
        for number in range(0, count + 1, each)
    ]


def _row(name: str, told: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        name.capitalize(),
        f"{told['planned']:,.0f}",
        _span(told["planned_interval"]),
        "–" if told["so_far"] is None else f"{told['so_far']:,}",
        f"{told['expected']:,.0f}",
        _span(told["interval"]),
    )


def _span(interval: Sequence[float]) -> str:
    return f"{interval[0]:,.0f} to {interval[1]:,.0f}"
