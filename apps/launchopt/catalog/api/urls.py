"""Addresses of the catalog API, under /api/v1/."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from launchopt.catalog.api import views

router = SimpleRouter()
router.register("products", views.ProductViewSet)

urlpatterns = [*router.urls]
