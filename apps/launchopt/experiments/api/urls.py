"""Addresses of the experiments API, under /api/v1/."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from launchopt.experiments.api import views

router = SimpleRouter()
router.register("experiments", views.ExperimentViewSet)
router.register("metrics", views.MetricViewSet)

urlpatterns = [*router.urls]
