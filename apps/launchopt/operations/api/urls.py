"""Addresses of the operations API, under /api/v1/."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from launchopt.operations.api import views

router = SimpleRouter()
router.register("runs", views.RunViewSet)
router.register("models", views.ModelVersionViewSet)
router.register("alerts", views.AlertViewSet)

urlpatterns = [*router.urls]
