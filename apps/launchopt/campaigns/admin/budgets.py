"""The budget of a running launch in the admin: a page that asks what and why, tells, and acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from launchopt.campaigns import services
from launchopt.campaigns.admin.steps import RUN
from launchopt.campaigns.models import Launch
from launchopt.campaigns.reporting.words import money
from launchopt.campaigns.selectors import SERVING
from launchopt.campaigns.services.budget_proposal import committed_of
from launchopt.operations.adminsite import change_url
from launchopt.operations.errors import LaunchOptError

PAGE = "admin/launchopt_campaigns/launch_budget.html"


class BudgetForm(forms.Form):
    """What the budget is to be, and why."""

    budget = forms.DecimalField(
        max_digits=18,
        decimal_places=4,
        help_text="The most that the launch may spend in all, what is spent already included.",
    )
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "cols": 60}),
        help_text="Kept in the audit trail with your name, the instant, and both amounts.",
    )


@dataclass(frozen=True)
class Told:
    """What a change would do, in words."""

    before: str
    after: str
    committed: str
    unspent: str
    purchases: str
    purchases_before: str


def can_change_budget(request: HttpRequest, launch: Launch) -> bool:
    """Whether it runs and this person may steer it."""
    return launch.status in SERVING and request.user.has_perm(RUN)


class BudgetMixin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Raise or lower the budget of a launch that runs, after asking."""

    def get_urls(self) -> list[URLPattern]:
        """The page that asks."""
        view = self.admin_site.admin_view(self.budget_view)
        name = "launchopt_campaigns_launch_budget"
        return [path("<uuid:pk>/budget/", view, name=name), *super().get_urls()]

    def budget_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Ask for the amount and the reason, tell what it would do, then act."""
        launch = Launch.objects.select_related("product").filter(pk=pk).first()
        if launch is None:
            raise Http404
        if not (self.has_view_permission(request) and request.user.has_perm(RUN)):
            raise PermissionDenied
        form = BudgetForm(request.POST or None, initial={"budget": f"{launch.budget:.2f}"})
        is_given = form.is_bound and form.is_valid()
        is_confirmed = is_given and "confirm" in request.POST
        if is_confirmed and _act(request, launch, form):
            return redirect(change_url(launch))
        told = _told(launch, form) if is_given and not is_confirmed else None
        context = {
            **self.admin_site.each_context(request),
            "title": f"Change the budget: {launch.name}",
            "launch": launch,
            "form": form,
            "told": told,
            "spent": money(_committed(launch, now=timezone.now()), launch.currency),
            "budget": money(launch.budget, launch.currency),
            "opts": self.opts,
            "media": self.media,
        }
        return TemplateResponse(request, PAGE, context)


def _committed(launch: Launch, *, now: datetime) -> Decimal:
    now = launch.on_its_clock(now, is_simulated=False)
    campaigns = launch.campaigns.select_related("launch")
    return sum(committed_of(campaigns, now=now).values(), Decimal(0))


def _told(launch: Launch, form: BudgetForm) -> Told | None:
    """What the change would do; None where it cannot be, with the reason on the form."""
    now = launch.on_its_clock(timezone.now(), is_simulated=False)
    try:
        found = services.propose_budget(launch=launch, budget=form.cleaned_data["budget"], now=now)
    except LaunchOptError as error:
        form.add_error("budget", error.detail)
        return None
    whole = next(row for row in found.figures["what_if"] if row["share"] == 1.0)
    return Told(
        before=money(found.before, launch.currency),
        after=money(found.launch.budget, launch.currency),
        committed=money(found.committed, launch.currency),
        unspent=money(found.unspent, launch.currency),
        purchases=f"{whole['expected_response']:,.1f}",
        purchases_before=f"{launch.budget_plan.expected_response:,.1f}",
    )


def _act(request: HttpRequest, launch: Launch, form: BudgetForm) -> bool:
    """Change it, and say so; False where it cannot be, with the reason on the form."""
    given = form.cleaned_data
    try:
        plan = services.change_budget(launch=launch, by=request.user, now=timezone.now(), **given)
    except LaunchOptError as error:
        form.add_error("budget", error.detail)
        return False
    told = money(plan.total, launch.currency)
    messages.success(
        request, f"The budget is {told} from now on; the hours to come were laid out anew."
    )
    return True
