"""Pictures as inline SVG: no script, no request to any host, readable without colour.

Marks differ by pattern, dash and label, never by colour alone; every text is escaped. What this is
not: a chart library. It draws the five forms that the report needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate
from math import ceil, floor, log10

WIDTH = 720
LABEL_WIDTH = 210
VALUE_WIDTH = 180
ROW = 30
FILLS = ("solid", "hatched", "dotted", "crossed")
MOST_POINTS = 48  # of a course, beyond which it is drawn as lines
DASHES = ("", "7 4", "2 3", "10 3 2 3")


class Svg(str):
    """A picture's markup, which templates insert as it is: its texts are escaped already."""

    def __html__(self) -> str:
        return self


@dataclass(frozen=True)
class Bar:
    """A labelled bar of one or more parts. ``text`` is what stands at its end."""

    label: str
    parts: tuple[float, ...]
    text: str


@dataclass(frozen=True)
class Interval:
    """An estimate and its interval; any may be None where it cannot be computed."""

    label: str
    low: float | None
    estimate: float | None
    high: float | None
    text: str


@dataclass(frozen=True)
class Line:
    """A named line over common positions."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Tick:
    """A mark on the horizontal axis, by the index of the value it stands under."""

    at: int
    text: str


def bars(rows: Sequence[Bar], *, title: str, legend: Sequence[str] = ()) -> str:
    """Horizontal bars, one under the other; the parts of a bar stand side by side."""
    top = 26 if legend else 4
    room = WIDTH - LABEL_WIDTH - VALUE_WIDTH
    longest = max((sum(row.parts) for row in rows), default=0) or 1
    marks = [_legend(legend)]
    for index, row in enumerate(rows):
        y = top + index * ROW
        marks.append(_text(LABEL_WIDTH - 10, y + 19, _cut(row.label), anchor="end"))
        edges = [0.0, *accumulate(part / longest * room for part in row.parts)]
        for fill, left, right in zip(FILLS, edges, edges[1:], strict=False):
            marks.append(_rectangle(LABEL_WIDTH + left, y + 4, right - left, ROW - 10, fill))
        marks.append(_text(LABEL_WIDTH + edges[-1] + 8, y + 19, row.text))
    return _picture(marks, title=title, height=top + len(rows) * ROW + 4)


def columns(values: Sequence[float], ticks: Sequence[Tick], *, title: str, unit: str = "") -> Svg:
    """Columns over an ordered axis, such as hours or classes of a distribution."""
    left, top, height = 64, 14, 190
    highest = nice_ceiling(max(values, default=0))
    step = (WIDTH - left - 10) / max(len(values), 1)
    marks = _scale(highest, left=left, top=top, height=height, unit=unit)
    gap = 0.2 if step > 12 else 0.0
    for index, value in enumerate(values):
        tall = value / highest * height
        x = left + (index + gap / 2) * step
        if tall > 0:
            marks.append(_rectangle(x, top + height - tall, step * (1 - gap), tall, "solid"))
    for tick in ticks:
        x = left + (tick.at + 0.5) * step
        marks.append(_line(x, top + height, x, top + height + 5))
        marks.append(_text(x, top + height + 19, tick.text, anchor="middle", kind="small"))
    return _picture(marks, title=title, height=top + height + 26)


def lines(series: Sequence[Line], ticks: Sequence[Tick], *, title: str, unit: str = "") -> Svg:
    """Lines that differ by their dashes, each named in the legend."""
    left, top, height = 64, 34, 190
    highest = nice_ceiling(max((value for line in series for value in line.values), default=0))
    count = max((len(line.values) for line in series), default=1)
    step = (WIDTH - left - 20) / max(count - 1, 1)
    marks = [_dash_legend([line.name for line in series])]
    marks += _scale(highest, left=left, top=top, height=height, unit=unit)
    for line, dash in zip(series, DASHES, strict=False):
        points = " ".join(
            f"{left + i * step:.1f},{top + height - value / highest * height:.1f}"
            for i, value in enumerate(line.values)
        )
        marks.append(f'<polyline class="line" stroke-dasharray="{dash}" points="{points}"/>')
    for tick in ticks:
        x = left + tick.at * step
        marks.append(_line(x, top + height, x, top + height + 5))
        marks.append(_text(x, top + height + 19, tick.text, anchor="middle", kind="small"))
    return _picture(marks, title=title, height=top + height + 26)


def intervals(rows: Sequence[Interval], *, title: str, zero: str = "no effect") -> Svg:
    """Estimates as points with whiskers, on one scale with a marked zero."""
    room, top = WIDTH - LABEL_WIDTH - 20, 26
    known = [v for row in rows for v in (row.low, row.estimate, row.high) if v is not None]
    low, high = min([0.0, *known]), max([0.0, *known])
    margin = (high - low) * 0.08 or 1.0
    low, high = low - margin, high + margin

    def x_of(value: float) -> float:
        return LABEL_WIDTH + (value - low) / (high - low) * room

    bottom = top + len(rows) * (ROW + 14)
    marks = [
        f'<line class="zero" x1="{x_of(0):.1f}" x2="{x_of(0):.1f}" y1="{top - 6}" y2="{bottom}"/>',
        _text(x_of(0), 14, zero, anchor="middle", kind="small"),
    ]
    for index, row in enumerate(rows):
        y = top + index * (ROW + 14) + 16
        marks.append(_text(LABEL_WIDTH - 10, y + 4, _cut(row.label), anchor="end"))
        marks += _whisker(row, y=y, x_of=x_of)
    return _picture(marks, title=title, height=bottom + 6)


def course(values: Sequence[Interval], ticks: Sequence[Tick], *, title: str) -> Svg:
    """Estimates with their intervals over an ordered axis, such as hours, about a marked zero.

    A few stand as points with whiskers, many as a line between two dashed ones. Where an interval
    is not known there is nothing.
    """
    left, top, height = 64, 14, 190
    known = [limit for v in values if v.low is not None for limit in (v.low, v.high or 0.0)]
    low, high = min([0.0, *known]), max([0.0, *known])
    margin = (high - low) * 0.08 or 1.0
    step = (WIDTH - left - 20) / max(len(values), 1)

    def y_of(value: float) -> float:
        return top + height * (high + margin - value) / (high - low + 2 * margin)

    zero = y_of(0)
    marks = [f'<line class="zero" x1="{left}" x2="{WIDTH - 10}" y1="{zero:.1f}" y2="{zero:.1f}"/>']
    edges = {low, 0.0, high} if known else {0.0}
    marks += [
        _text(left - 8, y_of(edge) + 4, f"{edge:.3g}", anchor="end", kind="small") for edge in edges
    ]
    places = [left + (index + 0.5) * step for index in range(len(values))]
    drawn = _points if len(values) <= MOST_POINTS else _corridor
    marks += drawn([(x, v) for x, v in zip(places, values, strict=True) if v.low is not None], y_of)
    for tick in ticks:
        x = places[tick.at]
        marks.append(_text(x, top + height + 19, tick.text, anchor="middle", kind="small"))
    return _picture(marks, title=title, height=top + height + 26)


Placed = Sequence[tuple[float, Interval]]


def _points(placed: Placed, y_of: Callable[[float], float]) -> list[str]:
    marks = []
    for x, row in placed:
        low, middle, high = (y_of(v or 0.0) for v in (row.low, row.estimate, row.high))
        ends = f'x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"'
        marks.append(f'<line class="whisker" {ends}/>')
        marks.append(f'<circle class="dot" cx="{x:.1f}" cy="{middle:.1f}" r="5"/>')
    return marks


def _corridor(placed: Placed, y_of: Callable[[float], float]) -> list[str]:
    marks = []
    for name, dash in (("low", "2 3"), ("estimate", ""), ("high", "2 3")):
        points = " ".join(f"{x:.1f},{y_of(getattr(row, name) or 0.0):.1f}" for x, row in placed)
        marks.append(f'<polyline class="line" stroke-dasharray="{dash}" points="{points}"/>')
    return marks


def _whisker(row: Interval, *, y: float, x_of: object) -> list[str]:
    place = x_of if callable(x_of) else float
    if row.low is None or row.high is None or row.estimate is None:
        return [_text(LABEL_WIDTH + 8, y + 4, row.text, kind="small")]
    low, middle, high = place(row.low), place(row.estimate), place(row.high)
    text_at = min(max(middle, LABEL_WIDTH + 150), WIDTH - 150)
    return [
        f'<line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}"/>',
        _line(low, y - 6, low, y + 6),
        _line(high, y - 6, high, y + 6),
        f'<circle class="dot" cx="{middle:.1f}" cy="{y}" r="5"/>',
        _text(text_at, y + 20, row.text, anchor="middle", kind="small"),
    ]


def nice_ceiling(value: float) -> float:
    """The next round number above a value, at which an axis ends.

    >>> nice_ceiling(0), nice_ceiling(7.3), nice_ceiling(180)
    (1.0, 8.0, 200.0)
    """
    if value <= 0:
        return 1.0
    size = 10.0 ** floor(log10(value))
    rounds = (step * size for step in (1, 2, 3, 4, 5, 6, 8, 10))
    return next((step for step in rounds if step >= value), value)


def number_text(value: float) -> str:
    """A number on an axis.

    >>> number_text(1500), number_text(0.25), number_text(2)
    ('1,500', '0.25', '2')
    """
    return f"{value:,.0f}" if value == floor(value) else f"{value:,.3g}"


def patterns() -> Svg:
    """The patterns that every picture of a page uses; stands once in the page."""
    return Svg(
        '<svg width="0" height="0" aria-hidden="true" focusable="false"><defs>'
        '<pattern id="hatched" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect class="paper" width="6" height="6"/>'
        '<line class="ink" x1="0" y1="0" x2="0" y2="6" stroke-width="4"/></pattern>'
        '<pattern id="dotted" width="7" height="7" patternUnits="userSpaceOnUse">'
        '<rect class="paper" width="7" height="7"/>'
        '<circle class="spot" cx="3.5" cy="3.5" r="1.8"/></pattern>'
        '<pattern id="crossed" width="8" height="8" patternUnits="userSpaceOnUse">'
        '<rect class="paper" width="8" height="8"/>'
        '<path class="ink" d="M0 0L8 8M8 0L0 8" stroke-width="1.4"/></pattern>'
        "</defs></svg>"
    )


def _picture(marks: Sequence[str], *, title: str, height: float) -> Svg:
    return Svg(
        f'<svg class="chart" role="img" viewBox="0 0 {WIDTH} {ceil(height)}" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>{"".join(marks)}</svg>'
    )


def _scale(highest: float, *, left: int, top: int, height: int, unit: str) -> list[str]:
    marks = []
    for share in (0, 0.5, 1):
        y = top + height * (1 - share)
        kind = "axis" if share == 0 else "grid"
        marks.append(f'<line class="{kind}" x1="{left}" x2="{WIDTH - 10}" y1="{y}" y2="{y}"/>')
        value = highest * share
        cents = unit and value != floor(value)
        words = f"{unit}{value:,.2f}" if cents else f"{unit}{number_text(value)}"
        marks.append(_text(left - 8, y + 4, words, anchor="end", kind="small"))
    return marks


def _legend(names: Sequence[str]) -> str:
    marks, x = [], float(LABEL_WIDTH)
    for name, fill in zip(names, FILLS, strict=False):
        marks.append(_rectangle(x, 4, 16, 12, fill) + _text(x + 22, 14, name, kind="small"))
        x += 46 + 7 * len(name)
    return "".join(marks)


def _dash_legend(names: Sequence[str]) -> str:
    marks, x = [], 64.0
    for name, dash in zip(names, DASHES, strict=False):
        line = f"M{x:.0f} 11h34"
        marks.append(f'<path class="line" stroke-dasharray="{dash}" d="{line}"/>')
        marks.append(_text(x + 42, 15, name, kind="small"))
        x += 70 + 7 * len(name)
    return "".join(marks)


def _rectangle(x: float, y: float, width: float, height: float, fill: str) -> str:
    return (
        f'<rect class="{fill}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" '
        f'height="{max(height, 0):.1f}"/>'
    )


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="axis" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, words: str, *, anchor: str = "start", kind: str = "label") -> str:
    place = f'class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f"<text {place}>{escape(words)}</text>"


def _cut(words: str) -> str:
    return words if len(words) <= 26 else words[:25].rstrip() + "…"
