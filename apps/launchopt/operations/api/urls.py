"""Addresses of the operations API, under /api/v1/."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from launchopt.operations.api import views, webhooks

router = SimpleRouter()
router.register("runs", views.RunViewSet)
router.register("models", views.ModelVersionViewSet)
router.register("alerts", views.AlertViewSet)
router.register("webhooks", webhooks.WebhookEndpointViewSet)
router.register("webhook-deliveries", webhooks.WebhookDeliveryViewSet)

urlpatterns = [*router.urls]
