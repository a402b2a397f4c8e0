"""Actions of operations: audit, API keys, models. Runs and alerts have modules of their own."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction

from launchopt.operations.errors import Conflict, InvalidInput
from launchopt.operations.models import ApiKey, AuditEntry, ModelVersion
from launchopt.operations.selectors import ROLL_BACK, active_model, previous_model

KEY_GROUPS = ("integration", "marketer", "analyst", "operator")


def actor_name(by: Any) -> str:
    """How the audit trail names a user, an API key or a job."""
    if by is None:
        return "system"
    return by if isinstance(by, str) else by.get_username()


def record_audit(
    *,
    action: str,
    subject: str,
    by: Any,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    note: str = "",
) -> AuditEntry:
    """Keep who did what. `subject` is a kind and an id, such as `launch:UUID`; no personal data."""
    return AuditEntry.objects.create(
        at=now,
        actor=actor_name(by)[:150],
        action=action,
        subject=subject,
        before=before or {},
        after=after or {},
        note=note[:500],
    )


@transaction.atomic
def create_api_key(*, name: str, group: str, now: datetime, by: Any = None) -> str:
    """Make a key and return it; only its hash is kept. Raises Conflict where the name is taken."""
    if group not in KEY_GROUPS:
        raise InvalidInput.at(
            "/group", f"No group {group!r}; choose one of {', '.join(KEY_GROUPS)}."
        )
    if ApiKey.objects.filter(name=name).exists():
        raise Conflict(f"There is an API key named {name!r} already; choose another name.")
    key = f"lo_{secrets.token_urlsafe(32)}"
    row = ApiKey.objects.create(
        name=name,
        prefix=key[:8],
        hash=hash_of_key(key),
        group=Group.objects.get_or_create(name=group)[0],
        created_at=now,
    )
    record_audit(action="create_api_key", subject=f"api_key:{row.pk}", by=by, now=now)
    return key


def hash_of_key(key: str) -> str:
    """SHA-256: a key of 256 random bits needs no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()


@transaction.atomic
def revoke_api_key(*, key: ApiKey, now: datetime, by: Any = None) -> None:
    """Refuse a key from now on."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)
    record_audit(action="revoke_api_key", subject=f"api_key:{key.pk}", by=by, now=now)


@transaction.atomic
def activate_model(
    *,
    version: ModelVersion,
    now: datetime,
    by: Any = None,
    action: str = "activate_model",
    note: str = "",
) -> ModelVersion:
    """Put a model version in service in the place of the active one, which is retired.

    Doing it again changes nothing. Raises Conflict where its files were cleared.
    """
    if "files_cleared_at" in version.card:
        raise Conflict(f"The files of {version} were cleared; train a new version instead.")
    serving = ModelVersion.objects.select_for_update().filter(
        name=version.name, status=ModelVersion.Status.ACTIVE
    )
    before = [str(pk) for pk in serving.values_list("pk", flat=True)]
    if before == [str(version.pk)]:
        return version
    serving.update(status=ModelVersion.Status.RETIRED)
    version.status, version.activated_at = ModelVersion.Status.ACTIVE, now
    version.save(update_fields=["status", "activated_at"])
    record_audit(
        action=action,
        subject=f"model:{version.pk}",
        by=by,
        now=now,
        before={"active": before},
        after={"active": [str(version.pk)], "name": version.name},
        note=note,
    )
    return version


@transaction.atomic
def roll_back_model(*, name: str, now: datetime, by: Any = None) -> ModelVersion:
    """Put the version that was in service before back in service, and hold it there.

    Held means that training activates no other by itself: a person does. Raises Conflict.
    """
    active, before = active_model(name), previous_model(name)
    if active is None or before is None:
        raise Conflict(
            f"No version of {name} was in service before; there is nothing to go back to."
        )
    note = f"Back from {active}."
    return activate_model(version=before, now=now, by=by, action=ROLL_BACK, note=note)
