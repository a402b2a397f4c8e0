"""Who works in the demo shop: a person who may log in, the shop's program, and a marketer's.

Password and keys are made by chance for each home and kept there, readable by its owner alone.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
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
    password: str  # "" where its owner has changed it
    shop_key: str  # of the shop's program: asks for decisions, sends events
    marketer_key: str  # plans, starts and finishes launches


def ensure_accounts(*, file: Path, now: datetime) -> Accounts:
    """The accounts of this shop, made where they do not stand."""
    kept = kept_accounts(file)
    password = (kept.password if kept else "") or secrets.token_urlsafe(9)
    accounts = Accounts(
        login=LOGIN,
        password=password if _ensure_login(password) else "",
        shop_key=_ensure_key(kept.shop_key if kept else "", group="integration", now=now),
        marketer_key=_ensure_key(kept.marketer_key if kept else "", group="marketer", now=now),
    )
    _keep(file, accounts)
    return accounts


def kept_accounts(file: Path) -> Accounts | None:
    """The accounts of an earlier run; None where there was none."""
    if not file.exists():
        return None
    return Accounts(**json.loads(file.read_text("utf-8")))


def _ensure_login(password: str) -> bool:
    """Make the login where there is none; whether this is its password."""
    user = User.objects.filter(username=LOGIN).first()
    if user is None:
        user = User.objects.create_superuser(LOGIN, f"{LOGIN}@example.com", password)
    return user.check_password(password)


def _ensure_key(kept: str, *, group: str, now: datetime) -> str:
    if ApiKey.objects.filter(hash=hash_of_key(kept), revoked_at=None).exists():
        return kept
    names = set(ApiKey.objects.values_list("name", flat=True))
    numbers = range(1, len(names) + 2)
    name = next(n for n in (f"demo {group} {number}" for number in numbers) if n not in names)
    return create_api_key(name=name, group=group, now=now)


def _keep(file: Path, accounts: Accounts) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(asdict(accounts)), "utf-8")
