"""Addresses of the campaigns API, under /api/v1/."""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from launchopt.campaigns.api import views
from launchopt.campaigns.api.launches import LaunchViewSet
from launchopt.campaigns.api.reports import LaunchReportView
from launchopt.campaigns.api.spend import SpendView

router = SimpleRouter()
router.register("decisions", views.DecisionViewSet)
router.register("launches", LaunchViewSet)
router.register("campaigns", views.CampaignViewSet)
router.register("budget-plans", views.BudgetPlanViewSet)
router.register("placements", views.PlacementViewSet)
router.register("creatives", views.CreativeViewSet)

urlpatterns = [
    path("launches/<uuid:pk>/report/", LaunchReportView.as_view(), name="launch-report"),
    path("spend/", SpendView.as_view(), name="spend"),
    *router.urls,
]
