"""The pictures of the report, under the name by which sections know them: the suite's own."""

from launchopt.operations.charts import (
    Bar,
    Interval,
    Line,
    Svg,
    Tick,
    bars,
    columns,
    intervals,
    lines,
    nice_ceiling,
    number_text,
    patterns,
)

__all__ = [
    "Bar",
    "Interval",
    "Line",
    "Svg",
    "Tick",
    "bars",
    "columns",
    "intervals",
    "lines",
    "nice_ceiling",
    "number_text",
    "patterns",
]
