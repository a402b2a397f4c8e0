"""The one base of every view. A host's own DRF settings change nothing here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.openapi import AutoSchema
from rest_framework.authentication import SessionAuthentication
from rest_framework.filters import OrderingFilter
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.versioning import BaseVersioning
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from launchopt.conf import launchopt_settings
from launchopt.operations.api.authentication import ApiKeyAuthentication
from launchopt.operations.api.errors import problem_of


class Pagination(PageNumberPagination):
    """Pages of a size that the caller may choose, up to 500."""

    page_size_query_param = "page_size"
    max_page_size = 500

    def get_page_size(self, request: Request) -> int | None:
        """The size asked for, else the setting."""
        self.page_size = launchopt_settings().page_size
        return super().get_page_size(request)


class HasPermissions(BasePermission):
    """The caller has every permission that the view names for this action or method."""

    message = "You are not allowed to do this."

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the caller is known and has them all."""
        user = request.user
        return bool(user and user.is_authenticated and user.has_perms(view.permissions_needed()))


class LaunchOptView(APIView):
    """A view of LaunchOpt: its own authentication, permissions, parsers, pages, schema and errors.

    `permissions` names what a caller needs, by action (`create`) or method (`post`), as
    `launchopt_campaigns.decide`; `*` holds for what is not named.
    """

    authentication_classes = [ApiKeyAuthentication, SessionAuthentication]
    permission_classes = [HasPermissions]
    parser_classes = [JSONParser]
    renderer_classes = [JSONRenderer]
    throttle_classes: list[Any] = []
    versioning_class: type[BaseVersioning] | None = None
    schema = AutoSchema()
    permissions: dict[str, list[str]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """As DRF; nothing is named with a NUL, which PostgreSQL would not even look for."""
        super().initial(request, *args, **kwargs)
        if any("\0" in str(value) for value in kwargs.values()):
            raise Http404

    def permissions_needed(self) -> list[str]:
        """The permissions for the action at hand."""
        action = getattr(self, "action", None) or (self.request.method or "").lower()
        return self.permissions.get(action, self.permissions.get("*", []))

    def get_exception_handler(self) -> Callable[..., Response | None]:
        """Errors have LaunchOpt's shape, whatever handler the host has set."""
        return problem_of


class LaunchOptViewSet(LaunchOptView, GenericViewSet):
    """A viewset of LaunchOpt. Mix in DRF's list, retrieve, create, update as a person may."""

    pagination_class = Pagination
    filter_backends = [DjangoFilterBackend, OrderingFilter]
    ordering_fields: list[str] = []

    def permissions_needed(self) -> list[str]:
        """Reading needs the model's view permission unless the view says otherwise."""
        action = self.action or ""
        if action in self.permissions or "*" in self.permissions:
            return super().permissions_needed()
        options = self._model_options()
        verb = {
            "create": "add",
            "update": "change",
            "partial_update": "change",
            "destroy": "delete",
        }
        return [f"{options.app_label}.{verb.get(action, 'view')}_{options.model_name}"]

    def _model_options(self) -> Any:
        queryset: QuerySet[Any] = self.queryset  # type: ignore[assignment]
        return queryset.model._meta
