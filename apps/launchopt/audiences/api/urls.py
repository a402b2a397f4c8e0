"""Addresses of the audiences API, under /api/v1/."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from launchopt.audiences.api import views
from launchopt.audiences.api.explanations import InterestView
from launchopt.audiences.api.personas import PersonaView, SegmentViewSet
from launchopt.audiences.api.recommendations import RecommendationsView

router = SimpleRouter()
router.register("customers", views.CustomerViewSet)
router.register("audiences", views.AudienceViewSet)
router.register("personas", SegmentViewSet)

urlpatterns = [
    path("events/", views.EventsView.as_view(), name="events"),
    path(
        "customers/<path:external_id>/recommendations/",
        RecommendationsView.as_view(),
        name="customer-recommendations",
    ),
    path(
        "customers/<path:external_id>/interest/",
        InterestView.as_view(),
        name="customer-interest",
    ),
    path("customers/<path:external_id>/persona/", PersonaView.as_view(), name="customer-persona"),
    *router.urls,
]
