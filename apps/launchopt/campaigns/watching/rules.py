"""The limits beyond which alerts open: as shipped, as set for all launches, as set for one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Q

from launchopt.campaigns.models import AlertRule, Launch
from launchopt.operations.errors import InvalidInput
from launchopt.operations.services import record_audit

Kind = AlertRule.Kind
PERCENT, MINUTES = "%", "minutes"


@dataclass(frozen=True)
class Shipped:
    """A limit as it is shipped, its unit, and what it means."""

    threshold: float
    unit: str
    meaning: str


SHIPPED: Mapping[str, Shipped] = {
    Kind.OVERSPEND: Shipped(
        10, PERCENT, "Spent and promised money above the plan by now, and by 1 % of the budget."
    ),
    Kind.UNDERSPEND: Shipped(
        25, PERCENT, "Money below the plan by now, beyond the luck of who came by."
    ),
    Kind.CLICK_RATE_DROP: Shipped(
        30,
        PERCENT,
        "Below the click rate of the launch's own earlier hours, channel by channel; below the "
        "forecast while these are few. Only what chance does not explain.",
    ),
    Kind.CONVERSION_DROP: Shipped(
        40,
        PERCENT,
        "Purchases within six hours of a click, below those of the launch's own earlier hours, or "
        "below the forecast while these are few. Only what chance does not explain.",
    ),
    Kind.COMPLAINTS: Shipped(
        0.1, PERCENT, "Complaints about the e-mails of the last seven days. Providers act at 0.3."
    ),
    Kind.BOUNCES: Shipped(5, PERCENT, "E-mails of the last seven days that came back."),
    Kind.SITE_SILENCE: Shipped(
        60,
        MINUTES,
        "Without any event of a shopper, at an hour of the week at which some are usual. Known "
        "after two weeks of events. For the whole shop.",
    ),
    Kind.SPEND_SILENCE: Shipped(
        120, MINUTES, "Without word from a paid channel that has money planned for this hour."
    ),
}


@dataclass(frozen=True)
class Rules:
    """The limits in force, by launch (None: all launches) and kind; None where one is off."""

    limits: Mapping[tuple[uuid.UUID | None, str], float | None]

    def limit(self, kind: str, launch: Launch | None = None) -> float | None:
        """The launch's own limit, else that of all launches, else the shipped one.

        Shares are given as shares, silences in minutes.
        """
        own = (launch.pk if launch else None, kind)
        shipped = SHIPPED[kind]
        found = self.limits.get(own, self.limits.get((None, kind), shipped.threshold))
        return found / 100 if found is not None and shipped.unit == PERCENT else found


def rules_in_force(launch: Launch | None = None) -> Rules:
    """The limits of all launches, or of one: one query."""
    rows = AlertRule.objects.all()
    if launch is not None:
        rows = rows.filter(Q(launch=launch) | Q(launch=None))
    told = rows.values_list("launch", "kind", "threshold", "is_on")
    return Rules({(of, kind): limit if is_on else None for of, kind, limit, is_on in told})


def fault_of(kind: str, threshold: float, *, launch: Launch | None) -> str:
    """What is wrong with a limit; nothing where it may stand."""
    if SHIPPED[kind].unit == PERCENT and not 0 < threshold < 100:
        return "A limit in percent lies between 0 and 100; to be told of nothing, switch it off."
    if threshold <= 0:
        return "A limit in minutes lies above 0; to be told of nothing, switch it off."
    if kind == Kind.SITE_SILENCE and launch is not None:
        return "The shop's site is watched as a whole, not for a launch."
    return ""


@transaction.atomic
def set_rule(
    *, kind: str, threshold: float, is_on: bool, launch: Launch | None, by: Any, now: datetime
) -> AlertRule:
    """Set a limit of all launches, or of one; the audit trail tells. Raises InvalidInput."""
    if fault := fault_of(kind, threshold, launch=launch):
        raise InvalidInput.at("/threshold", fault)
    wanted = {"threshold": threshold, "is_on": is_on}
    rule, _ = AlertRule.objects.update_or_create(kind=kind, launch=launch, defaults=wanted)
    record_audit(
        action="set_alert_rule",
        subject=f"launch:{launch.pk}" if launch else f"alert_rule:{kind}",
        by=by,
        now=now,
        after={"kind": kind} | wanted,
    )
    return rule


def ensure_rules(using: str, **_: Any) -> None:
    """Put the shipped limits where the admin shows them. What a person changed stays."""
    rules = apps.get_model("launchopt_campaigns", "AlertRule").objects.using(using)
    for kind, shipped in SHIPPED.items():
        rules.get_or_create(kind=kind, launch=None, defaults={"threshold": shipped.threshold})
