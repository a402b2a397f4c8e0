"""The page that answers: why did this customer see this, or nothing, at that time?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from launchopt.campaigns.models import Decision
from launchopt.campaigns.selectors.accounts import AROUND, account_of
from launchopt.campaigns.selectors.telling import why
from launchopt.operations.adminsite import change_url
from launchopt.operations.errors import NotFound

PAGE = "admin/launchopt_campaigns/why.html"


class WhyForm(forms.Form):
    """Who, and when."""

    customer = forms.CharField(max_length=200, help_text="The shop's own id of the customer.")
    at = forms.DateTimeField(
        label="time (UTC)",
        help_text="What was decided within half an hour of it is told.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )

    def instant(self) -> datetime:
        """The time asked about."""
        at: datetime = self.cleaned_data["at"]
        return at.replace(tzinfo=UTC)


class WhyMixin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Adds the page to the log of decisions."""

    change_list_template = "admin/launchopt_campaigns/decision_change_list.html"

    def get_urls(self) -> list[URLPattern]:
        """The page's address."""
        view = self.admin_site.admin_view(self.why_view)
        return [path("why/", view, name="launchopt_campaigns_why"), *super().get_urls()]

    def why_view(self, request: HttpRequest) -> HttpResponse:
        """Ask, and answer below."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = WhyForm(request.GET or None)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": "Why did this customer see this, or nothing?",
            "form": form,
            "opts": self.opts,
            "media": self.media,
        }
        if form.is_bound and form.is_valid():
            context |= _answer(form)
        return TemplateResponse(request, PAGE, context)


def _answer(form: WhyForm) -> dict[str, Any]:
    try:
        account = account_of(form.cleaned_data["customer"].strip(), at=form.instant())
    except NotFound as error:
        form.add_error("customer", error.detail)
        return {}
    told = [(decision, why(decision), change_url(decision)) for decision in account.decisions]
    return {"account": account, "told": told, "minutes": AROUND.seconds // 60, "model": Decision}
