"""The report of a launch within the admin: at the launch, and as a page of its own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.clickjacking import xframe_options_sameorigin

from launchopt.campaigns.models import Launch
from launchopt.campaigns.reporting import report_page
from launchopt.campaigns.selectors import launch_named
from launchopt.operations.errors import NotFound

VIEW_NAME = "launchopt_campaigns_launch_report"


class ReportMixin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Adds the page `<launch>/report/` and the read-only field `report` to the launch's admin."""

    def get_urls(self) -> list[URLPattern]:
        """The report's address, before those of the admin itself."""
        view = self.admin_site.admin_view(xframe_options_sameorigin(self.report_view))
        return [path("<uuid:pk>/report/", view, name=VIEW_NAME), *super().get_urls()]

    def report_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The report as one page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            launch = launch_named(pk)
        except NotFound as error:
            raise Http404(error.detail) from error
        return HttpResponse(report_page(launch, now=timezone.now()))

    @admin.display(description="report")
    def report(self, launch: Launch | Any) -> SafeString | str:
        """The report, and a link to it alone."""
        if launch.pk is None or launch._state.adding:
            return "–"
        address = reverse(f"admin:{VIEW_NAME}", args=[launch.pk])
        return format_html(
            '<p><a href="{}">Open the report on a page of its own</a></p>'
            '<iframe src="{}" title="Report of the launch" loading="lazy" '
            'style="width:100%;height:42rem;border:1px solid var(--border-color)"></iframe>',
            address,
            address,
        )
