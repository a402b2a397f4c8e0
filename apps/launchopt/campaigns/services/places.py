"""A launch's money as a problem: places for it, what each brings, and what a person demands."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from launchopt.audiences.models import AudienceMember
from launchopt.campaigns.models import Campaign, Decision, ExcludedCustomer, Launch
from launchopt.campaigns.services.assigning import Arms, arms_of
from launchopt.campaigns.services.bounds import groups_of_bounds, minimum_of, place_of
from launchopt.campaigns.services.paid import hill_over
from launchopt.conf import launchopt_settings
from launchopt_core.assignment import HOLDOUT, bucket_of, choose_variant
from launchopt_core.budget import Group, Hill, Place, Problem, Sorted, split_over_hours
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


@dataclass(frozen=True)
class Rest:
    """What is left of a launch that runs: its hours from an instant on, and the money that its
    campaigns have spent or promised."""

    since: datetime
    committed: Mapping[uuid.UUID, Decimal]


def problem_of(
    launch: Launch,
    campaigns: Collection[Campaign],
    *,
    pins: Iterable[Pin],
    rest: Rest | None = None,
) -> Problem:
    """The launch's money as a problem, with a person's bounds; with `rest`, of what is left of it.

    Owned channels have a place for each campaign and hour, with exactly the sorted worth of the
    hour's customers. A paid channel has its hill, shared by its audiences as they are large; its
    money is spread over the hours afterwards, and what it has spent stays on its curve.
    """
    pinned: dict[uuid.UUID, dict[datetime, Decimal]] = defaultdict(dict)
    for pin in pins:
        pinned[pin.campaign][pin.starts_at] = pin.amount
    since, committed = (rest.since, rest.committed) if rest else (None, {})
    chances = chances_of(launch, to_come=rest is not None)
    people = max(sum(len(found) for found in chances.values()), 1)
    places: list[Place] = []
    for campaign in campaigns:
        found = chances.get(campaign.audience_id, np.zeros(0))
        if campaign.channel in launch.curves:
            hill = hill_over(launch, campaign.channel)
            floor = max(
                sum(pinned[campaign.pk].values(), Decimal(0)),
                committed.get(campaign.pk, Decimal(0)),
            )
            made = _paid(campaign, hill, share=len(found) / people, floor=_cents(launch, floor))
        else:
            hours = hours_of(launch, campaign.audience_id, since=since)
            made = _owned(campaign, found, hours=hours, pins=pinned[campaign.pk])
        least = minimum_of(launch.bounds, _where(campaign))
        places += [replace(place, minimum_if_used=least) for place in made] if least else made
    gone = {c: committed.get(c.pk, Decimal(0)) for c in campaigns if c.channel not in launch.curves}
    return Problem(
        total=_cents(launch, launch.budget - sum(gone.values(), Decimal(0))),
        currency=launch.currency,
        places=places,
        groups=[_less(group, gone, launch) for group in groups_of_bounds(launch.bounds)],
    )


def _less(group: Group, gone: Mapping[Campaign, Decimal], launch: Launch) -> Group:
    """A group whose bounds count what its owned channels have spent already."""
    inside = [money for c, money in gone.items() if group.where.items() <= _where(c).items()]
    spent = sum(inside, Decimal(0))
    left = {
        rule: _cents(launch, max(amount - spent, Decimal(0)))
        for rule, amount in (("floor", group.floor), ("ceiling", group.ceiling))
        if amount is not None and spent
    }
    return replace(group, **left)


def _cents(launch: Launch, amount: Decimal) -> Decimal:
    return quantise(amount, launch.currency, rounding=ROUND_DOWN)


def _owned(
    campaign: Campaign,
    chances: Chances,
    *,
    hours: Sequence[HourShare],
    pins: Mapping[datetime, Decimal],
) -> list[Place]:
    parts = split_over_hours(chances, [hour.share for hour in hours])
    reached = {hour.start: part for hour, part in zip(hours, parts, strict=True) if len(part)}
    return [
        Place(
            id=place_of(campaign.pk, start),
            curve=Sorted(reached.get(start, np.zeros(0)), campaign.cost_per_contact),
            where=_where(campaign),
            pin=pins.get(start),
        )
        for start in sorted(reached.keys() | pins.keys())
    ]


def _paid(campaign: Campaign, hill: Hill, *, share: float, floor: Decimal) -> list[Place]:
    if share <= 0:
        return []
    known = hill.fitted_on and (hill.fitted_on[0] * share, hill.fitted_on[1] * share)
    return [
        Place(
            id=place_of(campaign.pk),
            curve=Hill(hill.scale * share, hill.half * share, hill.shape, known),
            where=_where(campaign),
            floor=floor or None,
        )
    ]


def _where(campaign: Campaign) -> dict[str, str]:
    return {"channel": campaign.channel, "audience": campaign.audience.name}


def hours_of(
    launch: Launch, audience: uuid.UUID, *, since: datetime | None = None
) -> list[HourShare]:
    """The launch's hours, those from an instant on, with their shares of an audience's activity, as
    its plan has them."""
    shares = launch.plan.get("hours_of_week", {}).get(str(audience))
    zones = launch.plan.get("zones", {}).get(str(audience))
    profile = profile_of([0] * HOURS_OF_DAY)
    if shares:
        profile = ActivityProfile(tuple(shares), Source.MEASURED, "as planned")
    here = {launchopt_settings().time_zone: 1}
    hours = allocate_over_window(profile, zones or here, launch.starts_at, launch.ends_at)
    return [hour for hour in hours if since is None or hour.start >= since]


def chances_of(launch: Launch, *, to_come: bool = False) -> dict[uuid.UUID, Chances]:
    """The chances of each audience's members who may be contacted, best first; `to_come`: still,
    where a customer is spoken to once."""
    audiences = launch.campaigns.filter(is_active=True).values("audience")
    left_out = ExcludedCustomer.objects.filter(launch=launch).values("customer")
    rows = (
        AudienceMember.objects.filter(audience__in=audiences)
        .exclude(customer__in=left_out)
        .values_list("audience_id", "customer__external_id", "probability")
    )
    if to_come and launch.contacts_once:
        rows = rows.exclude(customer__in=spoken_to(launch))
    is_held_out = held_out_of(launch)
    found: dict[uuid.UUID, list[float]] = defaultdict(list)
    for audience, unit, probability in rows.iterator(chunk_size=20_000):
        if not is_held_out(unit):
            found[audience].append(probability or 0.0)
    return {audience: np.sort(np.array(chances))[::-1] for audience, chances in found.items()}


def spoken_to(launch: Launch) -> QuerySet[Decision]:
    """The customers whom the launch has contacted or has promised a contact."""
    counting = (Decision.State.RESERVED, Decision.State.CONFIRMED)
    return Decision.objects.filter(launch=launch, state__in=counting).values("customer")


def held_out_of(launch: Launch) -> Callable[[str], bool]:
    """Whether a customer, by the shop's id, is left alone to compare with."""
    arms = list((arms_of([launch.experiment]) if launch.experiment else {}).values())
    return lambda unit: any(_is_held_out(each, unit) for each in arms)


def _is_held_out(arms: Arms, unit: str) -> bool:
    return choose_variant(bucket_of(unit, arms.experiment.salt), arms.shares_for(None)) == HOLDOUT
