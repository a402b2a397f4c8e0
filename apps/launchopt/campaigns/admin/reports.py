"""The report of a launch within the admin: at the launch, and as a page of its own."""

from __future__ import annotations

from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin

from launchopt.campaigns.models import Launch
from launchopt.campaigns.reporting import report_page
from launchopt.campaigns.reporting.exporting import FORMATS, file_of, rows_of
from launchopt.campaigns.selectors import launch_named
from launchopt.operations.errors import NotFound

VIEW_NAME = "launchopt_campaigns_launch_report"
ROWS_NAME = "launchopt_campaigns_launch_rows"


class ReportMixin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Adds the page `<launch>/report/`; the launch's own page shows it in a frame."""

    def get_urls(self) -> list[URLPattern]:
        """The report's address, before those of the admin itself."""
        view = self.admin_site.admin_view(xframe_options_sameorigin(self.report_view))
        rows = self.admin_site.admin_view(self.rows_view)
        return [
            path("<uuid:pk>/report/", view, name=VIEW_NAME),
            path("<uuid:pk>/report/rows.<slug:form>", rows, name=ROWS_NAME),
            *super().get_urls(),
        ]

    def report_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The report as one page."""
        return HttpResponse(report_page(self._launch(request, pk), now=timezone.now()))

    def rows_view(self, request: HttpRequest, pk: UUID, form: str) -> HttpResponse:
        """The counts behind the report, as a file to keep."""
        launch = self._launch(request, pk)
        if form not in FORMATS:
            raise Http404(f"There is no {form!r}; take {' or '.join(FORMATS)}.")
        answer = HttpResponse(file_of(rows_of(launch), form=form), content_type=FORMATS[form])
        answer["Content-Disposition"] = f'attachment; filename="launch-{pk}.{form}"'
        return answer

    def _launch(self, request: HttpRequest, pk: UUID) -> Launch:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            return launch_named(pk)
        except NotFound as error:
            raise Http404(error.detail) from error
