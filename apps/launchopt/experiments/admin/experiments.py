"""Experiments as the analyst sees them: who is compared, what came of it, and how sure that is."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html

from launchopt import jobs
from launchopt.experiments import services
from launchopt.experiments.admin import registration
from launchopt.experiments.admin.shown import FindingsShown, TermsShown
from launchopt.experiments.models import Experiment, Result
from launchopt.experiments.services import start_own, stop_own
from launchopt.operations.adminsite import (
    ReadOnlyAdmin,
    SuiteMedia,
    for_each,
    link_to,
    needs_confirmation,
)
from launchopt.operations.runs import request_run

ROLL_UP = "launchopt_operations.add_run"
ADD = "launchopt_experiments.add_experiment"
CHANGE = "launchopt_experiments.change_experiment"
DECIDE_WEIGHTS = "launchopt_experiments.change_proposal"


@admin.register(Experiment)
class ExperimentAdmin(FindingsShown, TermsShown, ReadOnlyAdmin):
    """Comparisons. A launch registers its own; others are registered here before they start, and
    nobody changes them afterwards."""

    list_display = ["name", "status", "primary_metric", "customers", "latest_verdict", "starts_at"]
    list_filter = ["status", "primary_metric"]
    list_select_related = ["primary_metric"]
    search_fields = ["name"]
    date_hierarchy = "created_at"
    actions = ["start", "stop", "roll_up", "undo_weights"]
    fieldsets = [
        (None, {"fields": ["name", "status", "starts_at", "ends_at"]}),
        (
            "What it showed",
            {"fields": ["comparison", "guardrails_table", "groups_check", "by_persona"]},
        ),
        ("Hour by hour", {"fields": ["over_time"], "classes": ["collapse"]}),
        (
            "As registered",
            {
                "fields": [
                    "primary_metric", "definition", "variants_table", "minimum_detectable_effect",
                    "planned_sample_size", "alpha", "power", "stopping_rule",
                    "counts_from", "is_aa",
                    "exclusion_group", "phases_table", "created_at",
                ]
            },
        ),
    ]  # fmt: skip
    Media = SuiteMedia

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Everything that is shown; a new one is filled in."""
        if obj is None:
            return []
        return [name for _, options in self.fieldsets for name in options["fields"]]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may register an experiment by REST may do so here."""
        return request.user.has_perm(ADD)

    def get_fieldsets(self, request: HttpRequest, obj: Experiment | None = None) -> Any:
        """Terms to fill in, or what was registered and what came of it."""
        return self.fieldsets if obj else registration.FIELDSETS

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """The terms of a new one."""
        if obj is None:
            kwargs["form"] = registration.RegistrationForm
        return super().get_form(request, obj, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The form has registered it, so that what is wrong stood beside its field."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Experiment]:
        """With how many customers are assigned, and what was last kept of the result."""
        last = Result.objects.filter(experiment=OuterRef("pk")).order_by("-until")
        assigned = (
            Experiment.objects.filter(pk=OuterRef("pk"))
            .annotate(count=Count("assignments"))
            .values("count")
        )
        return (
            super()
            .get_queryset(request)
            .annotate(
                customer_count=Subquery(assigned), last_verdict=Subquery(last.values("verdict")[:1])
            )
        )

    def has_roll_up_permission(self, request: HttpRequest) -> bool:
        """Whether the person may ask for runs."""
        return request.user.has_perm(ROLL_UP)

    @admin.display(description="customers", ordering="customer_count")
    def customers(self, experiment: Any) -> int:
        """How many are assigned."""
        return int(experiment.customer_count)

    @admin.display(description="last verdict")
    def latest_verdict(self, experiment: Any) -> str:
        """Of the last full hour."""
        return experiment.last_verdict or "nothing measured yet"

    @admin.action(description="Start", permissions=["change_terms"])
    def start(self, request: HttpRequest, rows: QuerySet[Experiment]) -> None:
        """Let them assign customers."""
        now = timezone.now()
        for_each(request, rows, lambda row: start_own(row, now=now), done="Started")

    @admin.action(description="Stop for good", permissions=["change_terms"])
    def stop(self, request: HttpRequest, rows: QuerySet[Experiment]) -> HttpResponse | None:
        """End them."""
        page = needs_confirmation(
            self,
            request,
            rows,
            action="stop",
            title="Stop for good",
            warning="Nobody is assigned any more and later outcomes do not count. A stopped "
            "experiment cannot start again.",
        )
        if page is None:
            now = timezone.now()
            for_each(request, rows, lambda row: stop_own(row, now=now), done="Stopped")
        return page

    def has_change_terms_permission(self, request: HttpRequest) -> bool:
        """Whether the person may start and stop experiments."""
        return request.user.has_perm(CHANGE)

    @admin.action(description="Roll up metrics now", permissions=["roll_up"])
    def roll_up(self, request: HttpRequest, rows: QuerySet[Experiment]) -> None:
        """Count what is new without waiting for the schedule."""
        run = request_run(
            job=jobs.ROLL_UP_METRICS, arguments={}, now=timezone.now(), by=request.user
        )
        messages.success(request, format_html("Asked for: {}.", link_to(run)))

    @admin.action(description="Undo the last change of weights", permissions=["decide_weights"])
    def undo_weights(self, request: HttpRequest, rows: QuerySet[Experiment]) -> HttpResponse | None:
        """Go back to the shares before."""
        page = needs_confirmation(
            self,
            request,
            rows,
            action="undo_weights",
            title="Undo the last change of weights",
            warning="New customers are drawn with the shares before the last change. Customers "
            "keep the variants that they have.",
        )
        if page is None:
            now = timezone.now()
            for_each(
                request,
                rows,
                lambda row: services.undo_weights(experiment=row, by=request.user, now=now),
                done="Undone",
            )
        return page

    def has_decide_weights_permission(self, request: HttpRequest) -> bool:
        """Whether the person may change the shares of variants."""
        return request.user.has_perm(DECIDE_WEIGHTS)
