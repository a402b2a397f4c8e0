"""REST defaults that break every view which relies on them."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.pagination import BasePagination
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer
from rest_framework.throttling import BaseThrottle


class HostDefaultUsed(Exception):
    """A view of LaunchOpt used a default of the host."""


class Authentication(BaseAuthentication):
    def authenticate(self, request):
        raise HostDefaultUsed("authentication")


class Permission(BasePermission):
    def has_permission(self, request, view):
        raise HostDefaultUsed("permission")


class Renderer(BaseRenderer):
    media_type = "application/json"
    format = "json"

    def render(self, data, accepted_media_type=None, renderer_context=None):
        raise HostDefaultUsed("renderer")


class Pagination(BasePagination):
    def paginate_queryset(self, queryset, request, view=None):
        raise HostDefaultUsed("pagination")


class Throttle(BaseThrottle):
    def allow_request(self, request, view):
        raise HostDefaultUsed("throttle")


def exception_handler(error, context):
    raise HostDefaultUsed("exception handler")
