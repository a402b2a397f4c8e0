"""A launch in the admin: its terms, its plan, what to do next, and its report."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from launchopt.campaigns import services
from launchopt.campaigns.admin import steps
from launchopt.campaigns.admin.alerts import alerts_of
from launchopt.campaigns.admin.budgets import BudgetMixin, can_change_budget
from launchopt.campaigns.admin.launch_form import TERMS, LaunchForm, left_out
from launchopt.campaigns.admin.reports import ReportMixin
from launchopt.campaigns.admin.stopping import StopMixin
from launchopt.campaigns.models import BudgetCell, Campaign, Creative, Launch
from launchopt.campaigns.reporting.words import money
from launchopt.operations.adminsite import (
    SuiteMedia,
    change_url,
    for_each,
    needs_confirmation,
    progress_bar,
    table_of,
    tell_errors,
)
from launchopt.operations.selectors import audit_of, runs_of

STEP_PAGE = "admin/launchopt_campaigns/launch_step.html"
STATE = [
    "status", "alerts", "progress", "planned_as_of", "created_by", "approved_by", "approved_at",
    "started_at", "paused_at", "finished_at",
]  # fmt: skip
PLAN = ["campaigns", "hours", "words", "trail"]


@admin.register(Launch)
class LaunchAdmin(StopMixin, BudgetMixin, ReportMixin):
    """From a draft to a measured result."""

    form = LaunchForm
    change_form_template = "admin/launchopt_campaigns/launch_change_form.html"
    list_display = ["name", "product", "status", "money", "starts_at", "ends_at"]
    list_filter = ["status", "is_simulated"]
    list_select_related = ["product"]
    search_fields = ["name", "product__sku", "product__title"]
    date_hierarchy = "starts_at"
    autocomplete_fields = ["product"]
    actions = [step.name for step in steps.STEPS]
    readonly_fields = [*STATE, "left_out", *PLAN]
    Media = SuiteMedia

    def get_fieldsets(self, request: HttpRequest, obj: Launch | None = None) -> Any:
        """A new launch has only terms."""
        terms = (None, {"fields": ["product", *TERMS]})
        if obj is None:
            return [terms]
        return [
            ("State", {"fields": STATE}),
            (None, {"fields": ["product", *TERMS, self._whom_to_leave_out(request, obj)]}),
            ("Plan", {"fields": PLAN}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Launch | None = None) -> Any:
        """The product and the currency stay."""
        return [*(["product", "currency"] if obj else []), *self.readonly_fields]

    def has_change_permission(self, request: HttpRequest, obj: Launch | None = None) -> bool:
        """After approval nobody edits a launch."""
        may = super().has_change_permission(request, obj)
        return may and (obj is None or obj.is_editable)

    def _whom_to_leave_out(self, request: HttpRequest, launch: Launch) -> str:
        return "leave_out" if self.has_change_permission(request, launch) else "left_out"

    def has_delete_permission(self, request: HttpRequest, obj: Launch | None = None) -> bool:
        """Launches stay; a draft that nobody wants does no harm."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """The page that asks before a step is taken."""
        view = self.admin_site.admin_view(self.step_view)
        name = "launchopt_campaigns_launch_step"
        return [path("<uuid:pk>/step/<str:step>/", view, name=name), *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The steps that this person may take."""
        if not self.has_view_permission(request):
            return {}
        return {
            step.name: (take_step, step.name, step.label)
            for step in steps.STEPS
            if request.user.has_perm(step.permission)
        }

    def step_view(self, request: HttpRequest, pk: UUID, step: str) -> HttpResponse:
        """Ask, then act."""
        launch, wanted = Launch.objects.filter(pk=pk).first(), steps.BY_NAME.get(step)
        if launch is None or wanted is None:
            raise Http404
        if not (self.has_view_permission(request) and request.user.has_perm(wanted.permission)):
            raise PermissionDenied
        if request.method == "POST":
            return self._take(request, launch, wanted)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{wanted.label}: {launch.name}",
            "launch": launch,
            "step": wanted,
            "opts": self.opts,
            "media": self.media,
        }
        return TemplateResponse(request, STEP_PAGE, context)

    def _take(self, request: HttpRequest, launch: Launch, step: steps.Step) -> HttpResponse:
        made: list[object] = []

        def act() -> str:
            made.append(step.act(launch, request.user, timezone.now()))
            return f"{step.done}."

        tell_errors(request, act)
        copies = [row for row in made if isinstance(row, Launch)]
        return redirect(change_url(copies[0] if copies else launch))

    def render_change_form(self, request: HttpRequest, context: Any, **kwargs: Any) -> Any:
        """With buttons for what can be done now."""
        launch = kwargs.get("obj")
        context["steps"] = steps.open_steps(launch, user=request.user) if launch else []
        context["can_change_budget"] = launch is not None and can_change_budget(request, launch)
        return super().render_change_form(request, context, **kwargs)

    def save_model(self, request: HttpRequest, obj: Launch, form: Any, change: bool) -> None:
        """Draft or change it through the services, which check and audit."""
        now = timezone.now()
        if not change:
            drafted = services.draft_launch(wish=form.wish(), by=request.user, now=now)
            obj.pk, obj.name = drafted.pk, drafted.name
            obj._state.adding = False
            messages.info(request, "Drafted. Plan it next.")
            return
        tell_errors(request, lambda: self._change(request, obj, form))

    def _change(self, request: HttpRequest, obj: Launch, form: Any) -> str:
        now, by, stored = timezone.now(), request.user, Launch.objects.get(pk=obj.pk)
        if changes := form.changed_terms():
            services.change_terms(launch=stored, changes=changes, by=by, now=now)
        if "leave_out" in form.changed_data:
            before, after = set(left_out(stored)), set(form.cleaned_data["leave_out"])
            if more := after - before:
                services.exclude_customers(launch=stored, customers=more, by=by, now=now)
            if fewer := before - after:
                services.include_customers(launch=stored, customers=fewer, by=by, now=now)
        return "Every change was checked and is in the audit trail."

    @admin.display(description="alerts")
    def alerts(self, launch: Launch) -> SafeString | str:
        """What is open, and what was lately."""
        return alerts_of(launch)

    @admin.display(description="progress")
    def progress(self, launch: Launch) -> SafeString | str:
        """How far the latest work for it is."""
        run = runs_of(f"launch:{launch.pk}").first()
        return progress_bar(run, reload=True) if run else "—"

    @admin.display(description="budget", ordering="budget")
    def money(self, launch: Launch) -> str:
        """With its currency."""
        return money(launch.budget, launch.currency)

    @admin.display(description="left out")
    def left_out(self, launch: Launch) -> str:
        """The customers that a person left out."""
        return ", ".join(left_out(launch)) or "nobody"

    @admin.display(description="campaigns")
    def campaigns(self, launch: Launch) -> SafeString | str:
        """Channels and audiences, with their money."""
        rows = Campaign.objects.filter(launch=launch).select_related("audience")
        return table_of(
            ("Channel", "Audience", "Customers", "Let out", "Reserved", "Spent", ""),
            (
                (
                    format_html('<a href="{}">{}</a>', change_url(row), row.channel),
                    row.audience.name,
                    f"{row.audience.size:,}",
                    money(row.allowance, launch.currency),
                    money(row.reserved, launch.currency),
                    money(row.spent, launch.currency),
                    "" if row.is_active else "switched off",
                )
                for row in rows
            ),
            empty="None yet: plan the launch first.",
        )

    @admin.display(description="hours")
    def hours(self, launch: Launch) -> SafeString | str:
        """The money by hour, which a person may change."""
        found = BudgetCell.objects.filter(campaign__launch=launch)
        if not (count := found.count()):
            return "None yet: plan the launch first."
        address = reverse("admin:launchopt_campaigns_budgetcell_changelist")
        return format_html(
            '<a href="{}?campaign__launch__id__exact={}">{} hours with money, {} set by hand</a>',
            address,
            launch.pk,
            count,
            found.filter(is_pinned=True).count(),
        )

    @admin.display(description="words")
    def words(self, launch: Launch) -> SafeString | str:
        """How many creatives there are, and how many wait for a person."""
        found = Creative.objects.filter(launch=launch)
        if not (count := found.count()):
            return "None yet: plan the launch first."
        waiting = found.filter(status=Creative.Status.DRAFT).count()
        address = reverse("admin:launchopt_campaigns_creative_changelist")
        return format_html(
            '<a href="{}?launch__id__exact={}">{} creatives, {} waiting for approval</a>',
            address,
            launch.pk,
            count,
            waiting,
        )

    @admin.display(description="audit trail")
    def trail(self, launch: Launch) -> SafeString | str:
        """Who did what, the latest first."""
        entries = audit_of(f"launch:{launch.pk}")[:12]
        rows = [
            (f"{e.at:%Y-%m-%d %H:%M}", e.actor, e.action.replace("_", " "), e.note) for e in entries
        ]
        return table_of(("When (UTC)", "Who", "What", "Note"), rows, empty="Nothing yet.")


@admin.action(description="take a step")
def take_step(
    model_admin: LaunchAdmin, request: HttpRequest, rows: QuerySet[Launch]
) -> HttpResponse | None:
    """The list's action: ask, then act on each launch."""
    step = steps.BY_NAME[request.POST["action"]]
    page = needs_confirmation(
        model_admin, request, rows, action=step.name, title=step.label, warning=step.warning
    )
    if page is None:
        now = timezone.now()
        for_each(request, rows, lambda row: step.act(row, request.user, now), done=step.done)
    return page
