"""Who works in the demo shop: a marketer who may log in, and the shop's program with its key.

Password and key are made by chance for each home and kept there, readable by its owner alone.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.contrib.auth.models import User

from launchopt.operations.models import ApiKey
from launchopt.operations.services import create_api_key, hash_of_key

LOGIN = "demo"


@dataclass(frozen=True, slots=True)
class Accounts:
    """What is needed to work in the demo shop."""

    login: str
    password: str
    key: str


def ensure_accounts(*, file: Path, now: datetime) -> Accounts:
    """The accounts of this shop, made where they do not stand."""
    kept = json.loads(file.read_text("utf-8")) if file.exists() else {}
    password = kept.get("password") or secrets.token_urlsafe(9)
    _ensure_login(password)
    accounts = Accounts(LOGIN, password, _ensure_key(kept.get("key", ""), now=now))
    _keep(file, {"login": LOGIN, "password": password, "key": accounts.key})
    return accounts


def _ensure_login(password: str) -> None:
    user = User.objects.filter(username=LOGIN).first()
    if user is None:
        User.objects.create_superuser(LOGIN, f"{LOGIN}@example.com", password)
    elif not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])


def _ensure_key(kept: str, *, now: datetime) -> str:
    if ApiKey.objects.filter(hash=hash_of_key(kept), revoked_at=None).exists():
        return kept
    names = set(ApiKey.objects.values_list("name", flat=True))
    number = next(n for n in range(1, len(names) + 2) if f"demo shop {n}" not in names)
    return create_api_key(name=f"demo shop {number}", group="integration", now=now)


def _keep(file: Path, record: dict[str, str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(record), "utf-8")
