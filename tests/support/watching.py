"""Looks at launches: what is open after one, money spent, limits set."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from launchopt.campaigns.models import AlertRule, Campaign, Launch
from launchopt.campaigns.watching import watch_launches
from launchopt.operations.models import Alert


def open_now(kind: str | None = None) -> set[str]:
    found = Alert.objects.filter(resolved_at=None)
    return set((found.filter(code=kind) if kind else found).values_list("code", flat=True))


def look(at: datetime) -> set[str]:
    watch_launches(now=at)
    return open_now()


def spend(amount: str) -> None:
    Campaign.objects.update(spent=Decimal(amount), reserved=0)


def set_rule(kind: str, threshold: float, *, launch: Launch | None = None, is_on: bool = True):
    AlertRule.objects.update_or_create(
        kind=kind, launch=launch, defaults={"threshold": threshold, "is_on": is_on}
    )
