"""Addresses of the audiences API, under /api/v1/."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from launchopt.audiences.api.recommendations import RecommendationsView

router = SimpleRouter()

urlpatterns = [
    path(
        "customers/<path:external_id>/recommendations/",
        RecommendationsView.as_view(),
        name="customer-recommendations",
    ),
    *router.urls,
]
