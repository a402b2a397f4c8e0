"""The words that may be shown, by where and to whom."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from launchopt.audiences.models import Customer, Persona
from launchopt.campaigns.creatives import servable_creatives
from launchopt.campaigns.models import Creative, Launch
from launchopt.campaigns.selectors.moments import Person
from launchopt.conf import launchopt_settings


class Place(NamedTuple):
    """A launch's words for one audience, channel and variant."""

    launch: uuid.UUID
    audience: uuid.UUID
    channel: str
    variant: str


@dataclass(frozen=True)
class Words:
    """The creatives that a person approved as they stand, in a fixed order."""

    by_place: Mapping[Place, Sequence[Creative]] = field(default_factory=dict)
    segments: Mapping[int, uuid.UUID] = field(default_factory=dict)

    def for_people(self, people: Iterable[Person]) -> Words:
        """The same words, for customers whose kind is known."""
        return replace(self, segments={p.pk: p.segment for p in people if p.segment})

    def of(self, place: Place, customer: Customer | Person) -> Sequence[Creative]:
        """Those for the customer's language and kind of shopper, as far as there are any."""
        here = self.by_place.get(place, ())
        if len(here) < 2:
            return here
        spoken = _language(customer.language)
        readable = [c for c in here if _language(c.language) == spoken] or _of_the_product(here)
        segment = self.segments.get(customer.pk)
        own = [c for c in readable if segment and c.segment_id == segment]
        return own or [c for c in readable if c.segment_id is None] or readable


def words_for(
    launches: Iterable[Launch],
    *,
    audiences: Collection[uuid.UUID],
    customers: Collection[int],
    now: datetime,
) -> Words:
    """The words of these launches for these customers, members of some of these audiences.

    One query a launch, and one for kinds of shoppers where words speak to them.
    """
    found: dict[Place, list[Creative]] = defaultdict(list)
    for launch in launches:
        for creative in servable_creatives(launch=launch, audiences=audiences, now=now):
            creative.launch = launch
            place = Place(launch.pk, creative.audience_id, creative.channel, creative.variant)
            found[place].append(creative)
    speaks_to_kinds = any(c.segment_id for each in found.values() for c in each)
    return Words(
        {place: sorted(rows, key=lambda row: row.pk) for place, rows in found.items()},
        _segments_of(customers) if speaks_to_kinds else {},
    )


def _segments_of(customers: Collection[int]) -> dict[int, uuid.UUID]:
    rows = Persona.objects.filter(customer__in=customers).exclude(segment=None)
    return dict(rows.values_list("customer", "segment"))


def _of_the_product(here: Sequence[Creative]) -> list[Creative]:
    """Those in the product's own language: what everybody gets whose language nobody wrote in."""
    own = _language(here[0].launch.product.language or launchopt_settings().language)
    return [c for c in here if _language(c.language) == own] or list(here)


def _language(code: str) -> str:
    return code.replace("_", "-").split("-")[0].lower()
