"""Addresses of the campaigns API, under /api/v1/."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from launchopt.campaigns.api import views
from launchopt.campaigns.api.launches import LaunchViewSet
from launchopt.campaigns.api.reports import LaunchReportView

router = SimpleRouter()
router.register("decisions", views.DecisionViewSet)
router.register("launches", LaunchViewSet)
router.register("campaigns", views.CampaignViewSet)
router.register("budget-plans", views.BudgetPlanViewSet)
router.register("placements", views.PlacementViewSet)
router.register("creatives", views.CreativeViewSet)

urlpatterns = [
    path("launches/<uuid:pk>/report/", LaunchReportView.as_view(), name="launch-report"),
    *router.urls,
]
