"""Money let out by the plan's hours, and reservations that lapse."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from django.db import transaction
from django.db.models import Sum

from launchopt.campaigns.models import BudgetCell, Campaign, Decision, Launch
from launchopt.campaigns.selectors import SERVING
from launchopt.campaigns.services.leasing import lent_by, recall_leases
from launchopt.campaigns.services.locking import lock_campaigns
from launchopt.campaigns.services.spending import Told, told_spend
from launchopt_core.pacing import (
    HOUR,
    SpendPlan,
    allowed_when_told_late,
    money_to_let_out,
    spend_allowed,
)

PERIOD = timedelta(minutes=5)
SMALLEST = Decimal("0.0001")  # what a column of money holds


@transaction.atomic
def pace_launches(*, now: datetime, simulated: bool = False) -> dict[str, int]:
    """One tick of pacing over the launches on this clock. It may be repeated.

    With `simulated` it paces the launches on a clock of their own, up to `now`, and no others.
    """
    mine = Launch.objects.filter(is_simulated=simulated, ends_at__gt=now, starts_at__lte=now)
    running = mine.filter(status=Launch.Status.RUNNING)
    campaigns = lock_campaigns(Campaign.objects.filter(launch__in=running))
    lapsed = pace_campaigns(campaigns.values(), now=now)
    lapsed += _lapse_of_resting(now=now, simulated=simulated)
    if simulated:
        mine.filter(status__in=SERVING).exclude(clock_at__gte=now).update(clock_at=now)
    return {"campaigns": len(campaigns), "lapsed": lapsed}


def close_valve(campaigns: Collection[Campaign]) -> None:
    """Let out no more than is promised and spent, so that a decision at work finds nothing left.

    The campaigns are locked. Pacing opens it again.
    """
    recall_leases(campaigns)
    for campaign in campaigns:
        campaign.allowance = campaign.reserved + campaign.spent
    Campaign.objects.bulk_update(campaigns, ["allowance"])


def _lapse_of_resting(*, now: datetime, simulated: bool) -> int:
    expired = Decision.objects.filter(
        state=Decision.State.RESERVED,
        expires_at__lte=now,
        launch__status__in=[Launch.Status.PAUSED, Launch.Status.FINISHED],
        launch__is_simulated=simulated,
    )
    campaigns = lock_campaigns(Campaign.objects.filter(pk__in=expired.values("campaign")))
    return lapse_reservations(campaigns.values(), now=now)


def pace_simulated(campaigns: Iterable[Campaign], *, now: datetime) -> None:
    """Move the clocks of simulated launches to `now`, and pace where a period has gone by.

    The campaigns are locked, and come with their launches.
    """
    due = [c for c in campaigns if c.launch.is_simulated and _is_behind(c.launch.clock_at, now)]
    if due:
        running = [c for c in due if c.launch.status == Launch.Status.RUNNING]
        pace_campaigns(running, now=now)
        Launch.objects.filter(pk__in={c.launch_id for c in due}).exclude(clock_at__gte=now).update(
            clock_at=now
        )


def is_clock_behind(launches: Iterable[Launch], *, now: datetime) -> bool:
    """Whether any of the launches is on simulated time and a period behind."""
    simulated = [launch.pk for launch in launches if launch.is_simulated]
    if not simulated:
        return False
    clocks = Launch.objects.filter(pk__in=simulated).values_list("clock_at", flat=True)
    return any(_is_behind(clock_at, now) for clock_at in clocks)


def _is_behind(clock_at: datetime | None, now: datetime) -> bool:
    return clock_at is None or now - clock_at >= PERIOD


def pace_campaigns(campaigns: Collection[Campaign], *, now: datetime) -> int:
    """Let out what the plan wants spent a period from now; gives how many reservations lapsed.

    The campaigns are locked, and come with their launches. What is promised and spent stays
    allowed. No hour costs more than twice its plan, but where a simulated clock leaps over hours.
    """
    recall_leases(campaigns, only_expired=True)
    lapsed = lapse_reservations(campaigns, now=now)
    plans, lent = spend_plans(campaigns), lent_by(campaigns)
    in_hour = _cost_of_this_hour(campaigns, plans, now=now)
    told = told_spend([campaign for campaign in campaigns if campaign.is_paid], now=now)
    for campaign in campaigns:
        plan, committed = plans[campaign.pk], campaign.reserved + campaign.spent
        if campaign.is_paid:
            allowed = _allowed_to_paid(plan, told[campaign.pk], now=now)
        elif _leaps(campaign.launch, now=now):
            allowed = spend_allowed(plan, spent=committed, now=now, lead=PERIOD)
        else:
            allowed = money_to_let_out(
                plan,
                committed=committed,
                in_hour=in_hour.get(campaign.pk, Decimal(0)) + lent.get(campaign.pk, Decimal(0)),
                now=now,
                period=PERIOD,
                contact=campaign.cost_per_contact,
            )
        campaign.allowance = committed + allowed.quantize(SMALLEST, rounding=ROUND_DOWN)
    Campaign.objects.bulk_update(campaigns, ["allowance"])
    return lapsed


def _allowed_to_paid(plan: SpendPlan, told: Told, *, now: datetime) -> Decimal:
    start, _ = plan.hour_at(now)
    return allowed_when_told_late(
        plan,
        told_before_hour=told.before(start),
        now=now,
        period=PERIOD,
    )


def _leaps(launch: Launch, *, now: datetime) -> bool:
    """Whether its clock is simulated and moves by more than an hour at once."""
    return launch.is_simulated and (launch.clock_at is None or now - launch.clock_at > HOUR)


def _cost_of_this_hour(
    campaigns: Iterable[Campaign], plans: Mapping[uuid.UUID, SpendPlan], *, now: datetime
) -> dict[uuid.UUID, Decimal]:
    """What each campaign has promised and spent since its planned hour began."""
    begun: dict[datetime, list[Campaign]] = defaultdict(list)
    for campaign in campaigns:
        start, _ = plans[campaign.pk].hour_at(now)
        begun[start].append(campaign)
    costs: dict[uuid.UUID, Decimal] = {}
    for start, those in begun.items():
        promised_or_spent = Decision.objects.filter(
            launch__in={campaign.launch_id for campaign in those},
            campaign__in=those,
            decided_at__gte=start,
            state__in=[Decision.State.RESERVED, Decision.State.CONFIRMED],
        )
        costs |= dict(promised_or_spent.values_list("campaign").annotate(Sum("cost")))
    return costs


def lapse_reservations(campaigns: Collection[Campaign], *, now: datetime) -> int:
    """Give back what was reserved and never confirmed. The campaigns are locked."""
    expired = Decision.objects.filter(
        campaign__in=campaigns, state=Decision.State.RESERVED, expires_at__lte=now
    )
    sums = dict(expired.values_list("campaign").annotate(Sum("cost")))
    if not sums:
        return 0
    lapsed = expired.update(state=Decision.State.LAPSED)
    for campaign in campaigns:
        campaign.reserved -= sums.get(campaign.pk, Decimal(0))
    Campaign.objects.bulk_update(campaigns, ["reserved"])
    return lapsed


def spend_plans(campaigns: Iterable[Campaign]) -> dict[uuid.UUID, SpendPlan]:
    """The money of each campaign by hour."""
    cells = BudgetCell.objects.filter(campaign__in=campaigns, amount__gt=0)
    hours: dict[uuid.UUID, list[tuple[datetime, Decimal]]] = defaultdict(list)
    for campaign, starts_at, amount in cells.values_list("campaign", "starts_at", "amount"):
        hours[campaign].append((starts_at, amount))
    return {campaign.pk: SpendPlan.of(hours[campaign.pk]) for campaign in campaigns}
