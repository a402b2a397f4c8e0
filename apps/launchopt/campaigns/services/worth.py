"""What a contact must bring at least, moved while a launch runs: who came so far tells who will.

Money is let out hour by hour, and not everybody who is planned for comes by. Too high a bar leaves
money unspent, too low a one gives it to whoever comes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from django.db import transaction
from django.db.models import Count, Q, Sum
from numpy.typing import NDArray

from launchopt.audiences.models import AudienceMember, Event
from launchopt.campaigns.models import Campaign, Decision, Launch
from launchopt.campaigns.selectors.moments import SUPPRESSING
from launchopt.campaigns.services.forecasting import days_of
from launchopt.campaigns.services.pacing import PERIOD, spend_plans
from launchopt.campaigns.services.places import held_out_of
from launchopt_core.estimates import Source
from launchopt_core.pacing import bar_that_spends, chance_to_come, days_between_visits

AGAIN_AFTER = timedelta(hours=6)
AHEAD = timedelta(days=1)
IN_HAND = 0.25  # of a day's money: where it runs short, whoever comes later is turned away unjudged

Floats = NDArray[np.float64]


class Open(NamedTuple):
    """Who a campaign may still speak to: by row what a contact brings and the chance to come by."""

    worth: Floats
    comes: Floats


def move_bars(*, now: datetime, simulated: bool = False) -> int:
    """Move the bar of each running launch that goes by uplift, every six hours; gives how many."""
    running = Launch.objects.filter(
        status=Launch.Status.RUNNING, is_simulated=simulated, starts_at__lt=now, ends_at__gt=now
    )
    due = [launch for launch in running if launch.goes_by_uplift and _is_due(launch, now=now)]
    for launch in due:
        _move(launch, now=now)
    return len(due)


def bar_moves_at(launch: Launch, *, after: datetime) -> datetime:
    """By when the bar will have been moved again after an instant."""
    return max(_last_moved(launch) + AGAIN_AFTER, after) + PERIOD


def _is_due(launch: Launch, *, now: datetime) -> bool:
    return now - _last_moved(launch) >= AGAIN_AFTER


def _last_moved(launch: Launch) -> datetime:
    moved_at = launch.plan.get("marginal_response", {}).get("moved_at")
    return datetime.fromisoformat(moved_at) if moved_at else launch.starts_at


@transaction.atomic
def _move(launch: Launch, *, now: datetime) -> None:
    campaigns = list(launch.campaigns.filter(is_active=True))
    plans = spend_plans(campaigns)
    nobody = np.zeros(0)  # where every campaign is switched off
    parts, money = [(nobody, nobody)], 0.0
    for campaign in campaigns:
        found = _open_to(launch, campaign, now=now)
        cost = float(campaign.cost_per_contact)
        parts.append((found.worth / cost, found.comes * cost))
        target = plans[campaign.pk].target_at(now + AHEAD)
        money += max(float(target - campaign.reserved - campaign.spent), 0.0)
    ratios, spends = (np.concatenate(column) for column in zip(*parts, strict=True))
    bar = bar_that_spends((1 - IN_HAND) * money, worth=ratios, expected=spends)
    detail = (
        f"purchases that one more {launch.currency} must bring, so that those who come by in a day "
        f"are as many as its money reaches; moved at {now:%Y-%m-%d %H:%M} UTC by who came so far"
    )
    launch.plan["marginal_response"] = {
        "value": bar,
        "source": Source.MEASURED.value,
        "detail": detail,
        "moved_at": now.isoformat(),
    }
    Launch.objects.filter(pk=launch.pk).update(plan=launch.plan)


def _open_to(launch: Launch, campaign: Campaign, *, now: datetime) -> Open:
    rows = AudienceMember.objects.filter(audience=campaign.audience_id).values_list(
        "customer_id", "customer__external_id", "probability"
    )
    is_held_out = held_out_of(launch)
    visits, contacted = _seen_by(launch, campaign, now=now)
    silenced = _silenced(launch, now=now)
    found = [
        (probability or 0.0, visits.get(customer, 0), customer in contacted or customer in silenced)
        for customer, unit, probability in rows.iterator(chunk_size=20_000)
        if not is_held_out(unit)
    ]
    worth, came, is_done = np.array(found, dtype=float).reshape(-1, 3).T
    past = (now - max(launch.starts_at, launch.started_at or launch.starts_at)) / timedelta(days=1)
    ahead = min(AHEAD, launch.ends_at - now) / timedelta(days=1)
    reach = float(launch.plan.get("reach", {}).get("value", 0.5))
    usual = days_between_visits(came, days=past, reach=reach, reach_days=days_of(launch))
    comes = chance_to_come(came, days=past, ahead=ahead, usual_days=usual)
    return Open(worth[is_done == 0], comes[is_done == 0])


def _seen_by(
    launch: Launch, campaign: Campaign, *, now: datetime
) -> tuple[Mapping[int, int], set[int]]:
    """How many decisions each customer has had in the channel, and who was contacted."""
    spoken = Q(state__in=(Decision.State.RESERVED, Decision.State.CONFIRMED))
    rows = (
        Decision.objects.filter(launch=launch, campaign=campaign, decided_at__lt=now)
        .values_list("customer")
        .annotate(asked=Sum("weight"), spoken=Count("pk", filter=spoken))
    )
    found = list(rows)
    return {c: asked for c, asked, _ in found}, {c for c, _, spoken_to in found if spoken_to}


def _silenced(launch: Launch, *, now: datetime) -> set[int]:
    rows = Event.objects.filter(
        product=launch.product_id, kind__in=SUPPRESSING, occurred_at__lt=now
    )
    return set(rows.values_list("customer_id", flat=True))
