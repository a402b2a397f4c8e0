"""Who calls: a program by its key. People come by the session of the admin."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from launchopt.operations.models import ApiKey
from launchopt.operations.services import hash_of_key

USE_NOTED_EVERY = timedelta(minutes=5)


class KeyHolder:
    """A program, as a user is: it has a name and the permissions of its key's group."""

    is_authenticated = is_active = True
    is_anonymous = is_staff = is_superuser = False
    pk = None

    def __init__(self, key: ApiKey) -> None:
        self.key = key

    def get_username(self) -> str:
        """The name for the audit trail."""
        return f"key:{self.key.name}"

    @cached_property
    def _permissions(self) -> frozenset[str]:
        rows = self.key.group.permissions.values_list("content_type__app_label", "codename")
        return frozenset(f"{label}.{codename}" for label, codename in rows)

    def has_perm(self, permission: str, obj: Any = None) -> bool:
        """Whether the key's group has it."""
        return permission in self._permissions

    def has_perms(self, permissions: list[str], obj: Any = None) -> bool:
        """Whether the key's group has them all."""
        return self._permissions.issuperset(permissions)


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer KEY`."""

    def authenticate(self, request: Request) -> tuple[KeyHolder, ApiKey] | None:
        """The key's holder; None where no key is sent; 401 where it is wrong or revoked."""
        word, _, key = get_authorization_header(request).decode("latin-1").partition(" ")
        if word.lower() != "bearer":
            return None
        row = ApiKey.objects.select_related("group").filter(hash=hash_of_key(key.strip())).first()
        if row is None or row.revoked_at:
            raise AuthenticationFailed("The API key is unknown or revoked.")
        self._note_use(row)
        return KeyHolder(row), row

    def authenticate_header(self, request: Request) -> str:
        """So that a missing key is a 401, not a 403."""
        return 'Bearer realm="launchopt"'

    def _note_use(self, key: ApiKey) -> None:
        now = timezone.now()
        if key.last_used_at is None or now - key.last_used_at > USE_NOTED_EVERY:
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes the key."""

    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer"}
