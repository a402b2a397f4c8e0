"""Who calls: a program by its key. People come by the session of the admin."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from time import monotonic
from typing import Any

from django.contrib.auth.models import Permission
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from launchopt.operations.models import ApiKey
from launchopt.operations.services import hash_of_key
from launchopt.operations.statements import fetch

USE_NOTED_EVERY = timedelta(minutes=5)
# What a group may do is asked for once in so many seconds by each process, so that not every
# request pays for it; a change holds within them. A revoked key is refused at once.
PERMISSIONS_SECONDS = 5
# As plain SQL: to compile the query would take twice the time of running it.
NAMES = [field.attname for field in ApiKey._meta.concrete_fields]
BY_HASH = f"SELECT {', '.join(NAMES)} FROM launchopt_operations_apikey WHERE hash = %(hash)s"  # noqa: S608


@lru_cache(maxsize=64)
def _permissions_of(group_id: int, moment: int) -> frozenset[str]:
    """The permissions of a group, as `launchopt_campaigns.decide`, asked for once a moment."""
    rows = Permission.objects.filter(group=group_id).values_list(
        "content_type__app_label", "codename"
    )
    return frozenset(f"{label}.{codename}" for label, codename in rows)


class KeyHolder:
    """A program, as a user is: it has a name and the permissions of its key's group."""

    is_authenticated = is_active = True
    is_anonymous = is_staff = is_superuser = False
    pk = None

    def __init__(self, key: ApiKey, *, permissions: frozenset[str]) -> None:
        self.key, self._permissions = key, permissions

    def get_username(self) -> str:
        """The name for the audit trail."""
        return f"key:{self.key.name}"

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
        row = self.key_of(hash_of_key(key.strip()))
        moment = int(monotonic() // PERMISSIONS_SECONDS)
        return KeyHolder(row, permissions=_permissions_of(row.group_id, moment)), row

    def key_of(self, hashed: str) -> ApiKey:
        """The key with this hash. Raises AuthenticationFailed where it is unknown or revoked."""
        found = fetch(BY_HASH, {"hash": hashed})
        row = ApiKey.from_db(None, NAMES, found[0]) if found else None
        if row is None or row.revoked_at:
            raise AuthenticationFailed("The API key is unknown or revoked.")
        self._note_use(row)
        return row

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
    match_subclasses = True
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer"}
