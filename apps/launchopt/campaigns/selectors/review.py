"""Which words wait for a person, and what else stands in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet

from launchopt.campaigns.models import Creative

WAITING = (Creative.Status.DRAFT, Creative.Status.STALE)
PLACE = ("launch", "audience", "segment", "channel", "language")


@dataclass(frozen=True)
class Candidates:
    """All creatives of one place that nobody rejected, the most promising first."""

    creatives: Sequence[Creative]

    @property
    def first(self) -> Creative:
        """Any of them: they share launch, audience, persona, channel and language."""
        return self.creatives[0]


def waiting_places(*, launch: UUID | None = None) -> QuerySet[Creative, dict[str, Any]]:
    """The places (PLACE) in which words wait for a person, of one launch or of all."""
    waiting = Creative.objects.filter(status__in=WAITING)
    if launch:
        waiting = waiting.filter(launch=launch)
    names = [F(name) for name in PLACE]
    return waiting.order_by("launch__created_at", *names).values(*PLACE).distinct()


def candidates_in(places: Sequence[dict[str, Any]]) -> list[Candidates]:
    """The candidates of each of these places, in one query; those approved stand among them."""
    if not places:
        return []
    wanted = Q()
    for place in places:
        wanted |= Q(**{name: place[name] for name in PLACE if place[name] is not None}) & Q(
            **{f"{name}__isnull": True for name in PLACE if place[name] is None}
        )
    rows = (
        Creative.objects.filter(wanted)
        .exclude(status=Creative.Status.REJECTED)
        .select_related("launch__product__category", "audience", "segment")
        .order_by(F("click_rate").desc(nulls_last=True), "variant", "pk")
    )
    found: dict[tuple[Any, ...], list[Creative]] = {_key(place): [] for place in places}
    for row in rows:
        here = (row.launch_id, row.audience_id, row.segment_id, row.channel, row.language)
        found[here].append(row)
    return [Candidates(each) for each in found.values() if each]


def _key(place: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(place[name] for name in PLACE)
