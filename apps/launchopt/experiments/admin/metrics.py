"""Metrics, and what rollups keep of them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from launchopt.experiments.models import Metric, MetricRollup, MomentRollup
from launchopt.operations.adminsite import ReadOnlyAdmin


@admin.register(Metric)
class MetricAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What counts as an outcome. Once defined, only the words of its definition may be changed."""

    list_display = ["name", "kind", "event_kind", "of_value", "definition"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """All but the words, once experiments may have been registered with it."""
        return ["name", "kind", "event_kind", "of_value", "of_product"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Experiments keep theirs."""
        return False


@admin.register(MetricRollup)
class MetricRollupAdmin(ReadOnlyAdmin):
    """Counts and sums by minute, hour and day."""

    list_display = [
        "starts_at", "granularity", "launch_id", "channel", "variant", "decisions", "exposures",
        "clicks", "conversions", "returns", "revenue", "spend",
    ]  # fmt: skip
    list_filter = ["granularity", "channel", "variant"]
    search_fields = ["=launch_id"]
    date_hierarchy = "starts_at"
    ordering = ["-starts_at"]
    show_full_result_count = False


@admin.register(MomentRollup)
class MomentRollupAdmin(ReadOnlyAdmin):
    """What each minute added to the sufficient statistics of experiments."""

    list_display = [
        "starts_at", "experiment", "metric", "variant", "phase", "n", "active", "sum",
        "sum_squares", "covariate_sum", "covariate_sum_squares", "covariate_cross_sum",
    ]  # fmt: skip
    list_filter = ["metric", "variant"]
    list_select_related = ["experiment"]
    date_hierarchy = "starts_at"
    ordering = ["-starts_at"]
    show_full_result_count = False
