"""Audiences of a launch: customers who agreed, by what a contact brings and what they like.

Where past launches tell what a contact adds, that decides: whom it adds nothing to, or drives away,
is left out. Else the chance to buy does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from launchopt.audiences.models import Audience, AudienceMember, Persona
from launchopt.campaigns.models import Campaign, Launch
from launchopt.campaigns.selectors.interest import Chance, chances_of_consenting

# Shares of those who agreed, by rank of their chance to buy.
TIERS = (("Likely", 0.10), ("Possible", 0.40), ("Within reach", 1.00))
MOVED = "Moved by a contact"
FEWEST_FOR_TIERS = 60
FEWEST_FOR_INTEREST = 100
SHARE_FOR_INTEREST = 0.2
INTERESTS_OF_A_TIER = 2
BATCH = 5_000


@dataclass
class Group:
    """Customers who get an audience of their own, the likeliest first."""

    name: str
    description: str
    rules: dict[str, Any]
    members: list[Chance] = field(default_factory=list)


@transaction.atomic
def build_launch_audiences(
    *, launch: Launch, now: datetime, added: Mapping[int, float] | None = None
) -> list[Audience]:
    """Build the audiences of a launch: by what a contact adds to each customer's chance to buy,
    where `added` tells, else by the interest scores of its product.

    A customer stands in exactly one. An audience that the launch has already is filled anew; one
    that no longer fits is dropped, with its campaigns.
    """
    chances = chances_of_consenting(launch)
    groups = groups_of(chances) if added is None else groups_moved(chances, added)
    mine = {c.audience.name: c.audience for c in launch.campaigns.select_related("audience")}
    built = [_fill(mine.get(group.name), group, launch=launch, now=now) for group in groups]
    _keep_campaigns(launch, built)
    return built


def groups_of(chances: Sequence[Chance]) -> list[Group]:
    """Tiers by chance, the larger ones split by their members' main interest.

    Where there are few customers, or all are equally likely, everybody is one group.
    """
    if len(chances) < FEWEST_FOR_TIERS or chances[0].probability == chances[-1].probability:
        return [Group("Everyone who agreed", _told(chances, ""), _rules(chances), list(chances))]
    groups = []
    first = 0
    for name, share in TIERS:
        last = round(share * len(chances))
        groups += _by_interest(name, chances[first:last])
        first = last
    return groups


def groups_moved(chances: Sequence[Chance], added: Mapping[int, float]) -> list[Group]:
    """Those whom a contact moves, the most moved first, split by their main interest.

    They are one tier: money that some do not come for is then left for the next.
    """
    moved = [Chance(c.customer, added.get(c.customer, 0.0)) for c in chances]
    moved = sorted((c for c in moved if c.probability > 0), key=lambda c: -c.probability)
    groups = _by_interest(MOVED, moved)
    for group in groups:
        interest = next(iter(group.rules.get("interests", ())), "")
        group.description = _told_of_moved(group.members, interest)
        group.rules.pop("probability", None)  # which selects by the chance to buy
    return groups


def _told_of_moved(members: Sequence[Chance], interest: str) -> str:
    if not members:
        return "There is nobody whom a contact is known to move."
    low, high = 100 * members[-1].probability, 100 * members[0].probability
    tastes = f", who like {interest} most" if interest else ""
    return (
        f"Agreed to marketing{tastes}; a contact adds {low:.3g} to {high:.3g} points of per cent "
        "to their chance to buy."
    )[:500]


def _by_interest(tier: str, members: Sequence[Chance]) -> list[Group]:
    main = _main_interests(members)
    needed = max(FEWEST_FOR_INTEREST, SHARE_FOR_INTEREST * len(members))
    counted = Counter(main.values()).most_common(INTERESTS_OF_A_TIER)
    chosen = [name for name, count in counted if count >= needed]
    parts: dict[str, list[Chance]] = defaultdict(list)
    for member in members:
        interest = main.get(member.customer, "")
        parts[interest if interest in chosen else ""].append(member)
    names = [*chosen, *([""] if parts[""] else [])]
    return [_group(tier, interest, parts[interest], is_split=bool(chosen)) for interest in names]


def _group(tier: str, interest: str, members: list[Chance], *, is_split: bool) -> Group:
    name = tier
    if is_split:
        name = f"{tier}: {interest}" if interest else f"{tier}: other tastes"
    return Group(name[:200], _told(members, interest), _rules(members, interest), members)


def _told(members: Sequence[Chance], interest: str) -> str:
    if not members:
        return "Nobody has agreed to marketing yet."
    low, high = 100 * members[-1].probability, 100 * members[0].probability
    tastes = f", who like {interest} most" if interest else ""
    return f"Agreed to marketing{tastes}; {low:.3g} to {high:.3g} % likely to buy."[:500]


def _rules(members: Sequence[Chance], interest: str = "") -> dict[str, Any]:
    rules: dict[str, Any] = {}
    if members:
        rules["probability"] = [members[-1].probability, members[0].probability]
    if interest:
        rules["interests"] = [interest]
    return rules


def _main_interests(members: Sequence[Chance]) -> dict[int, str]:
    """Customer -> the category they like most, where a persona tells."""
    customers = [member.customer for member in members]
    rows = Persona.objects.filter(customer__in=customers).values_list("customer_id", "interests")
    found = {}
    for customer, interests in rows:
        liked = [i for i in interests if i.get("kind") == "category"]
        if liked:
            found[customer] = str(max(liked, key=lambda i: i.get("weight", 0))["name"])
    return found


def _fill(audience: Audience | None, group: Group, *, launch: Launch, now: datetime) -> Audience:
    audience = audience or Audience(created_at=now)
    audience.name, audience.description, audience.rules = group.name, group.description, group.rules
    audience.product, audience.size, audience.built_at = launch.product, len(group.members), now
    audience.save()
    audience.members.all().delete()
    AudienceMember.objects.bulk_create(
        (
            AudienceMember(audience=audience, customer_id=m.customer, probability=m.probability)
            for m in group.members
        ),
        batch_size=BATCH,
    )
    return audience


def _keep_campaigns(launch: Launch, audiences: Iterable[Audience]) -> None:
    """One campaign for each channel and audience, at the channel's cost."""
    kept = {audience.pk for audience in audiences}
    gone = launch.campaigns.exclude(audience__in=kept) | launch.campaigns.exclude(
        channel__in=launch.channels
    )
    old = set(gone.exclude(audience__in=kept).values_list("audience", flat=True))
    gone.delete()
    Audience.objects.filter(pk__in=old, campaigns=None, product=launch.product).delete()
    for channel, cost in launch.channels.items():
        for audience in kept:
            Campaign.objects.update_or_create(
                launch=launch,
                channel=channel,
                audience_id=audience,
                defaults={"cost_per_contact": cost},
            )
