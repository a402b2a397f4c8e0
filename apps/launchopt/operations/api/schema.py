"""The OpenAPI schema, made by LaunchOpt's own inspector whatever the host's DRF settings are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema as extend
from drf_spectacular.views import SpectacularAPIView

from launchopt.operations.api.base import LaunchOptView

Method = TypeVar("Method", bound=Callable[..., Any])


def extend_schema(**words: Any) -> Callable[[Method], Method]:
    """drf-spectacular's decorator of a view's method, on LaunchOpt's inspector.

    Its own would extend the host's DEFAULT_SCHEMA_CLASS, which may be any.
    """

    def decorate(method: Method) -> Method:
        kwargs = vars(method).setdefault("kwargs", {})
        kwargs.setdefault("schema", AutoSchema)
        return extend(**words)(method)

    return decorate


class SchemaView(SpectacularAPIView):
    """The schema of everything under /api/v1/, open to whoever may read the code."""

    authentication_classes = []
    permission_classes = []
    versioning_class = None
    throttle_classes = []
    schema = None  # it describes the others, not itself
    get_exception_handler = LaunchOptView.get_exception_handler
