"""Money over channel x audience x hour, from the chances of those who may be contacted."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from launchopt.audiences.models import AudienceMember
from launchopt.campaigns.models import BudgetCell, BudgetPlan, Campaign, ExcludedCustomer, Launch
from launchopt.campaigns.services.assigning import Arms, arms_of
from launchopt.conf import launchopt_settings
from launchopt.operations.errors import InvalidInput
from launchopt_core.assignment import HOLDOUT, bucket_of, choose_variant
from launchopt_core.budget import Allocation, Cell, CellKey, Sorted, allocate, split_over_hours
from launchopt_core.errors import FloorsAboveBudget
from launchopt_core.estimates import Source
from launchopt_core.money import quantise
from launchopt_core.schedule import (
    HOURS_OF_DAY,
    ActivityProfile,
    HourShare,
    allocate_over_window,
    profile_of,
)

Chances = NDArray[np.float64]


@dataclass(frozen=True)
class Pin:
    """Money that a person set for one campaign and hour."""

    campaign: uuid.UUID
    starts_at: datetime
    amount: Decimal


@transaction.atomic
def lay_out_budget(
    *, launch: Launch, now: datetime, pins: Iterable[Pin] | None = None
) -> BudgetPlan:
    """Split the launch's budget; what a person pinned stays, the rest is laid out at its best.

    Each customer stands in one hour of a channel; who is held out or left out costs nothing. Cells
    and what stays unspent sum to the budget. Raises InvalidInput where the pins exceed it.
    """
    kept = _pins_of(launch) if pins is None else list(pins)
    campaigns = {c.pk: c for c in launch.campaigns.filter(is_active=True)}
    cells = _cells(launch, campaigns.values(), pins=kept)
    try:
        allocation = allocate(quantise(launch.budget, launch.currency), cells, launch.currency)
    except FloorsAboveBudget:
        total = sum((pin.amount for pin in kept), Decimal(0))
        raise InvalidInput.at(
            "/amount", f"What is set by hand comes to {total:f}, more than {launch.budget:f}."
        ) from None
    return _save(launch, allocation, campaigns=campaigns, pins=kept, now=now)


def hours_of(launch: Launch, audience: uuid.UUID) -> list[HourShare]:
    """The launch's hours with their shares of an audience's activity, as its plan has them."""
    shares = launch.plan.get("hours_of_week", {}).get(str(audience))
    zones = launch.plan.get("zones", {}).get(str(audience))
    profile = profile_of([0] * HOURS_OF_DAY)
    if shares:
        profile = ActivityProfile(tuple(shares), Source.MEASURED, "as planned")
    here = {launchopt_settings().time_zone: 1}
    return allocate_over_window(profile, zones or here, launch.starts_at, launch.ends_at)


def chances_of(launch: Launch) -> dict[uuid.UUID, Chances]:
    """The chances of each audience's members who may be contacted, best first."""
    audiences = launch.campaigns.filter(is_active=True).values("audience")
    left_out = ExcludedCustomer.objects.filter(launch=launch).values("customer")
    rows = (
        AudienceMember.objects.filter(audience__in=audiences)
        .exclude(customer__in=left_out)
        .values_list("audience_id", "customer__external_id", "probability")
    )
    arms = arms_of([launch.experiment]) if launch.experiment else {}
    found: dict[uuid.UUID, list[float]] = defaultdict(list)
    for audience, unit, probability in rows.iterator(chunk_size=20_000):
        if not any(_is_held_out(each, unit) for each in arms.values()):
            found[audience].append(probability or 0.0)
    return {audience: np.sort(np.array(chances))[::-1] for audience, chances in found.items()}


def _is_held_out(arms: Arms, unit: str) -> bool:
    return choose_variant(bucket_of(unit, arms.experiment.salt), arms.shares) == HOLDOUT


def _cells(launch: Launch, campaigns: Iterable[Campaign], *, pins: Iterable[Pin]) -> list[Cell]:
    pinned = {(pin.campaign, pin.starts_at): pin.amount for pin in pins}
    chances = chances_of(launch)
    hours = {audience: hours_of(launch, audience) for audience in chances}
    split = {
        audience: split_over_hours(chances[audience], [hour.share for hour in hours[audience]])
        for audience in chances
    }
    cells = []
    for campaign in campaigns:
        reached = {
            hour.start: part
            for hour, part in zip(
                hours.get(campaign.audience_id, []),
                split.get(campaign.audience_id, []),
                strict=True,
            )
            if len(part)
        }
        mine = {at for key, at in pinned if key == campaign.pk}
        for start in sorted(reached.keys() | mine):
            curve = Sorted(reached.get(start, np.zeros(0)), campaign.cost_per_contact)
            amount = pinned.get((campaign.pk, start))
            key = CellKey(campaign.channel, str(campaign.pk), start)
            cells.append(Cell(key, curve, floor=amount or Decimal(0), ceiling=amount))
    return cells


def _pins_of(launch: Launch) -> list[Pin]:
    rows = BudgetCell.objects.filter(budget_plan__launch=launch, is_pinned=True)
    return [Pin(row.campaign_id, row.starts_at, row.amount) for row in rows]


def _save(
    launch: Launch,
    allocation: Allocation,
    *,
    campaigns: Mapping[uuid.UUID, Campaign],
    pins: Iterable[Pin],
    now: datetime,
) -> BudgetPlan:
    plan, _ = BudgetPlan.objects.update_or_create(
        launch=launch,
        defaults={
            "total": launch.budget,
            "unspent": allocation.unspent,
            "expected_response": allocation.expected_response,
            "created_at": now,
        },
    )
    pinned = {(pin.campaign, pin.starts_at) for pin in pins}
    plan.cells.all().delete()
    rows = []
    for key, amount in allocation.cells.items():
        campaign = campaigns[uuid.UUID(key.audience)]
        is_pinned = (campaign.pk, key.hour) in pinned
        if amount or is_pinned:
            rows.append(
                BudgetCell(
                    budget_plan=plan,
                    campaign=campaign,
                    starts_at=key.hour,
                    amount=amount,
                    contacts=int((amount / campaign.cost_per_contact).to_integral(ROUND_DOWN)),
                    expected_response=allocation.responses[key],
                    is_pinned=is_pinned,
                )
            )
    BudgetCell.objects.bulk_create(rows, batch_size=5_000)
    _note_margin(launch, allocation)
    return plan


def _note_margin(launch: Launch, allocation: Allocation) -> None:
    """What the next unit of money would bring: a contact that brings less is not worth its cost."""
    detail = f"purchases that one more {launch.currency} would bring, at the margin of the budget"
    launch.plan["marginal_response"] = {
        "value": allocation.marginal_response,
        "source": _source_of_chances(launch),
        "detail": detail,
    }
    Launch.objects.filter(pk=launch.pk).update(plan=launch.plan)


def _source_of_chances(launch: Launch) -> str:
    return str(launch.plan.get("conversion_rate", {}).get("source", Source.PRIOR.value))
