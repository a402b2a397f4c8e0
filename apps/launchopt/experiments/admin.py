"""Experiments as the analyst reads them: what is compared, under which weights, what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from launchopt.experiments.models import Experiment, Metric, Phase, Result, Variant
from launchopt.experiments.results import results
from launchopt.operations.adminsite import ReadOnlyAdmin

COLUMNS = ("Variant", "Customers", "Mean", "Control", "Effect", "Interval", "p", "Verdict")


class ReadOnlyInline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows that services write."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes."""
        return False


class VariantInline(ReadOnlyInline):
    """What is compared."""

    model = Variant
    fields = ["name", "description", "is_control", "weight"]


class PhaseInline(ReadOnlyInline):
    """Weights over time; nobody is moved by new ones."""

    model = Phase
    fields = ["number", "weights", "reason", "opened_at"]


@admin.register(Experiment)
class ExperimentAdmin(ReadOnlyAdmin):
    """Comparisons that were registered before they started."""

    list_display = ["name", "status", "primary_metric", "starts_at", "ends_at"]
    list_filter = ["status", "primary_metric"]
    list_select_related = ["primary_metric"]
    search_fields = ["name"]
    inlines = [VariantInline, PhaseInline]
    fields = [
        "name", "status", "comparison", "groups", "primary_metric", "definition",
        "minimum_detectable_effect", "planned_sample_size", "alpha", "power", "starts_at",
        "ends_at", "created_at",
    ]  # fmt: skip
    readonly_fields = fields

    @admin.display(description="what it shows")
    def comparison(self, experiment: Experiment) -> SafeString:
        """Each variant against the control, with interval and verdict."""
        report = results(experiment)
        verdicts = {row["variant"]: row["verdict"] for row in report["verdicts"]}
        rows = [_cells(row, verdicts) for row in report["results"]]
        return _table(COLUMNS, rows)

    @admin.display(description="group sizes")
    def groups(self, experiment: Experiment) -> str:
        """Whether the groups have the sizes that their weights promised."""
        ratio = results(experiment)["sample_ratio"][0]
        if ratio["ok"]:
            return f"as planned (p = {ratio['p_value']:.3f})"
        return f"not as planned (p = {ratio['p_value']:.2g}): do not trust the effect"

    @admin.display(description="definition")
    def definition(self, experiment: Experiment) -> str:
        """What the metric counts."""
        return experiment.primary_metric.definition


@admin.register(Metric)
class MetricAdmin(ReadOnlyAdmin):
    """What counts as an outcome."""

    list_display = ["name", "kind", "event_kind", "definition"]


@admin.register(Result)
class ResultAdmin(ReadOnlyAdmin):
    """What experiments showed over time."""

    list_display = ["until", "experiment", "variant", "n", "effect", "interval", "verdict"]
    list_filter = ["metric"]
    list_select_related = ["experiment", "variant", "metric"]
    date_hierarchy = "until"

    @admin.display(description="interval")
    def interval(self, result: Result) -> str:
        """From low to high."""
        return _span((result.interval_low, result.interval_high))


def _cells(row: dict[str, Any], verdicts: dict[str, str]) -> tuple[str, ...]:
    return (
        row["variant"],
        f"{row['n']:,} : {row['control_n']:,}",
        _number(row["mean"]),
        _number(row["control_mean"]),
        _number(row["effect"]),
        _span(row["interval"]),
        _number(row["p_value"]),
        verdicts.get(row["variant"], ""),
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _span(interval: Iterable[float | None] | None) -> str:
    limits = [_number(limit) for limit in interval or (None, None)]
    return "–" if "–" in limits else " to ".join(limits)


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> SafeString:
    head = format_html_join("", "<th>{}</th>", ((column,) for column in columns))
    cells = (format_html_join("", "<td>{}</td>", ((cell,) for cell in row)) for row in rows)
    body = format_html_join("", "<tr>{}</tr>", ((row,) for row in cells))
    return format_html("<table><tr>{}</tr>{}</table>", head, body)
