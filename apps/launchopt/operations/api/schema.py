"""The OpenAPI schema and its browser, each under LaunchOpt's own authentication."""

from __future__ import annotations

from drf_spectacular.views import SpectacularAPIView

from launchopt.operations.api.base import LaunchOptView


class SchemaView(SpectacularAPIView):
    """The schema of everything under /api/v1/, open to whoever may read the code."""

    authentication_classes = []
    permission_classes = []
    versioning_class = None
    throttle_classes = []
    get_exception_handler = LaunchOptView.get_exception_handler
