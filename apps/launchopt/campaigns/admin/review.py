"""The review queue: candidates of one place side by side, each with its proof and its outlook."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from launchopt.campaigns import creatives
from launchopt.campaigns.admin.previews import click_rate_words, faults_in, ledger_of, preview_of
from launchopt.campaigns.models import Creative, Launch
from launchopt.campaigns.selectors.approvers import APPROVE
from launchopt.campaigns.selectors.review import Candidates, candidates_in, waiting_places
from launchopt.operations.adminsite import change_url, tell_errors

PAGE = "admin/launchopt_campaigns/review.html"
NAME = "launchopt_campaigns_creative_review"
PLACES_ON_A_PAGE = 4


class ReviewQueue(admin.ModelAdmin):  # type: ignore[type-arg]
    """The page on which a person compares words and says yes or no."""

    def get_urls(self) -> list[URLPattern]:
        """The queue stands beside the list."""
        view = self.admin_site.admin_view(self.review)
        return [path("review/", view, name=NAME), *super().get_urls()]

    def review(self, request: HttpRequest) -> HttpResponse:
        """Show what waits; take a verdict on one creative."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            self._judge(request)
            return redirect(request.get_full_path())
        launch = _uuid(request.GET.get("launch", ""))
        page = Paginator(waiting_places(launch=launch), PLACES_ON_A_PAGE).get_page(
            request.GET.get("page")
        )
        context = {
            **self.admin_site.each_context(request),
            "title": "Words that wait for a person",
            "opts": self.opts,
            "media": self.media,
            "page": page,
            "launch": Launch.objects.filter(pk=launch).first() if launch else None,
            "places": [_shown(place) for place in candidates_in(list(page.object_list))],
            "may_approve": request.user.has_perm(APPROVE),
        }
        return TemplateResponse(request, PAGE, context)

    def _judge(self, request: HttpRequest) -> None:
        if not request.user.has_perm(APPROVE):
            raise PermissionDenied
        creative = Creative.objects.filter(pk=_uuid(request.POST.get("creative", ""))).first()
        if creative is None:
            messages.error(request, "These words are gone: they were written anew meanwhile.")
            return
        tell_errors(request, lambda: _verdict(creative, request))


def _verdict(creative: Creative, request: HttpRequest) -> str:
    now, by = timezone.now(), request.user
    if request.POST.get("verdict") == "approve":
        creatives.approve_creative(creative=creative, by=by, now=now)
        return f"Approved: {creative.headline}"
    reason = request.POST.get("reason", "")
    creatives.reject_creative(creative=creative, by=by, reason=reason, now=now)
    return f"Rejected: {creative.headline}"


def _shown(place: Candidates) -> dict[str, Any]:
    first = place.first
    whom = f"{first.audience}" + (f", {first.segment}" if first.segment else "")
    return {
        "title": f"{first.launch} · {first.channel} · {whom} · {first.language}",
        "cards": [_card(creative) for creative in place.creatives],
    }


def _card(creative: Creative) -> dict[str, Any]:
    return {
        "creative": creative,
        "preview": preview_of(creative),
        "ledger": ledger_of(creative),
        "faults": faults_in(creative),
        "click_rate": click_rate_words(creative),
        "edit_url": change_url(creative),
        "is_open": creative.status not in (Creative.Status.APPROVED, Creative.Status.STALE),
    }


def _uuid(text: str) -> UUID | None:
    """The id that was asked for; None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
