"""One audience in one channel: its facts and portrait in, one draft for each treatment out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import cycle, islice
from typing import Any

import numpy as np

from launchopt.audiences.models import Audience
from launchopt.campaigns import creatives
from launchopt.campaigns.models import Campaign, Creative, Launch
from launchopt_core.claims import Draft, content_hash
from launchopt_ml.copywriting import Persona, PhrasebookWriter, Writer

TREATMENT = "treatment"  # of a launch that has no experiment yet


@dataclass(frozen=True)
class Place:
    """Where words are needed."""

    launch: Launch
    audience: Audience
    channel: str
    variants: tuple[str, ...]


def places_of(launch_id: str) -> list[Place]:
    """Each audience and channel of a launch, with the treatments that need words."""
    launch = Launch.objects.select_related("product__category", "experiment").get(pk=launch_id)
    variants = _treatments(launch)
    campaigns = Campaign.objects.filter(launch=launch, is_active=True).select_related("audience")
    return [Place(launch, row.audience, row.channel, variants) for row in campaigns]


def write_place(place: Place, *, now: datetime, writer: Writer | None = None) -> dict[str, Any]:
    """Write and keep the drafts of one place. Doing it again gives the same words."""
    writer = writer or PhrasebookWriter()
    drafts = _drafts(place, writer)
    saved = creatives.save_drafts(
        launch=place.launch,
        audience=place.audience,
        channel=place.channel,
        drafts=dict(zip(place.variants, islice(cycle(drafts), len(place.variants)), strict=True)),
        writer=writer.name,
        now=now,
    )
    return {"creatives": len(saved)}


def _drafts(place: Place, writer: Writer) -> list[Draft]:
    """Drafts that a person has not rejected here, the proved ones first."""
    facts, portrait = creatives.facts_of(place.launch), creatives.portrait_of(place.audience)
    rejected = _rejected_hashes(place)
    written = writer.write(
        facts,
        persona=Persona(interests=portrait.interests, price_band=portrait.price_band),
        channel=place.channel,
        candidates=len(place.variants) + len(rejected),
        rng=_generator(place),
    )
    fresh = [draft for draft in written if content_hash(draft) not in rejected] or list(written)
    checked = {d: creatives.check_words(d, facts=facts, channel=place.channel) for d in fresh}
    return sorted(fresh, key=lambda draft: len(checked[draft].faults()))


def _rejected_hashes(place: Place) -> set[str]:
    rejected = Creative.objects.filter(
        launch=place.launch,
        audience=place.audience,
        channel=place.channel,
        status=Creative.Status.REJECTED,
    )
    return set(rejected.values_list("content_hash", flat=True))


def _generator(place: Place) -> np.random.Generator:
    """Seeded by what it writes for, so that a worker that comes back writes the same."""
    channel = int.from_bytes(place.channel.encode()[:8])
    return np.random.default_rng([place.launch.pk.int, place.audience.pk.int, channel])


def _treatments(launch: Launch) -> tuple[str, ...]:
    if launch.experiment is None:
        return (TREATMENT,)
    variants = launch.experiment.variants.filter(is_control=False).order_by("name")
    return tuple(variants.values_list("name", flat=True)) or (TREATMENT,)
