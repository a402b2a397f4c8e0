"""The emergency stop in the admin: a button above the list of launches, and a page that asks."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from launchopt.campaigns import services
from launchopt.campaigns.admin.steps import RUN
from launchopt.campaigns.models import Launch
from launchopt.operations.adminsite import tell_errors


class StopMixin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Pause all that runs, after asking."""

    change_list_template = "admin/launchopt_campaigns/launch_change_list.html"

    def get_urls(self) -> list[URLPattern]:
        """The page that asks."""
        view = self.admin_site.admin_view(self.stop_view)
        return [path("stop/", view, name="launchopt_campaigns_launch_stop"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the button, where something runs that this person may stop."""
        can_stop = request.user.has_perm(RUN) and _running().exists()
        return super().changelist_view(request, {"can_stop": can_stop, **(extra_context or {})})

    def stop_view(self, request: HttpRequest) -> HttpResponse:
        """Name what would be paused, then pause it."""
        if not (self.has_view_permission(request) and request.user.has_perm(RUN)):
            raise PermissionDenied
        if request.method == "POST":
            tell_errors(request, lambda: _stop(request))
            return redirect("admin:launchopt_campaigns_launch_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": "Stop all launches",
            "running": list(_running().select_related("product")),
            "opts": self.opts,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/launchopt_campaigns/launch_stop.html", context)


def _running() -> Any:
    return Launch.objects.filter(status=Launch.Status.RUNNING).order_by("name")


def _stop(request: HttpRequest) -> str:
    stopped = services.stop_all_launches(by=request.user, now=timezone.now())
    names = ", ".join(launch.name for launch in stopped)
    return f"Paused: {names}. Each is resumed by itself." if stopped else "Nothing was running."
