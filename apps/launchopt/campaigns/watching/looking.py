"""One look at all that is watched: alerts open, stay, or end. It may be repeated at any time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from launchopt.campaigns.models import AlertRule, Launch
from launchopt.campaigns.selectors import SERVING
from launchopt.campaigns.watching.findings import LOOKS, Finding, Past, site_silence
from launchopt.campaigns.watching.rules import rules_in_force
from launchopt.operations.alerts import open_alert, resolve_alert
from launchopt.operations.models import Alert
from launchopt_core.alarms import State

SHOP = "shop"


def watch_launches(*, now: datetime, simulated: bool = False) -> dict[str, int]:
    """Look at each running launch on this clock, and end the alerts of those that are over.

    Gives how many launches were looked at and how many alerts are open of them. Alerts of launches
    on simulated time are told to nobody.
    """
    running = Launch.objects.filter(
        status=Launch.Status.RUNNING, is_simulated=simulated, starts_at__lte=now, ends_at__gt=now
    ).select_related("product")
    rules, watched = rules_in_force(), list(running)
    for launch in watched:
        subject = f"launch:{launch.pk}"
        pasts = _pasts(subject)
        for kind, look in LOOKS.items():
            limit = rules.limit(kind, launch)
            past = pasts.get(kind, Past())
            found = look(launch, limit, now, past) if limit else Finding(kind, State.RESTS)
            _keep(found, of=launch.name, subject=subject, now=now, is_told=not simulated)
    _end_of_others(now=now)
    subjects = [f"launch:{launch.pk}" for launch in watched]
    rung = Alert.objects.filter(subject__in=subjects, code__in=list(LOOKS), resolved_at=None)
    return {"launches": len(watched), "open": rung.count()}


def watch_shop(*, now: datetime) -> None:
    """Look whether the shop's site is heard of."""
    kind = AlertRule.Kind.SITE_SILENCE
    limit = rules_in_force().limit(kind)
    found = site_silence(limit, now) if limit else Finding(kind, State.RESTS)
    _keep(found, of="The shop", subject=SHOP, now=now, is_told=True)


def _keep(found: Finding, *, of: str, subject: str, now: datetime, is_told: bool) -> None:
    if found.state is State.RINGS:
        open_alert(
            code=found.kind,
            subject=subject,
            message=f"{of}: {found.message}",
            severity=found.severity,
            now=now,
            is_told=is_told,
        )
    elif found.state is State.RESTS:
        resolve_alert(code=found.kind, subject=subject, now=now)


def _pasts(subject: str) -> Mapping[str, Past]:
    """By kind, since when an alert is open, and when the last one ended."""
    told: dict[str, Past] = {}
    rows = Alert.objects.filter(subject=subject, code__in=list(LOOKS)).order_by("opened_at")
    for code, opened_at, resolved_at in rows.values_list("code", "opened_at", "resolved_at"):
        earlier = told.get(code, Past())
        is_open = resolved_at is None
        told[code] = Past(opened_at if is_open else None, resolved_at or earlier.resolved_at)
    return told


def _end_of_others(*, now: datetime) -> None:
    """A launch that is over needs no alert any more; one that is paused keeps its own."""
    serving = Launch.objects.filter(status__in=SERVING).values_list("pk", flat=True)
    left = Alert.objects.filter(
        subject__startswith="launch:", code__in=list(LOOKS), resolved_at=None
    ).exclude(subject__in=[f"launch:{pk}" for pk in serving])
    for code, subject in left.values_list("code", "subject"):
        resolve_alert(code=code, subject=subject, now=now)
