"""One place: its facts and portrait in, several drafts for each treatment out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np

from launchopt.audiences.models import Audience
from launchopt.campaigns import creatives
from launchopt.campaigns.creatives import Place, Portrait
from launchopt.campaigns.models import Campaign, Creative, Launch
from launchopt.conf import launchopt_settings
from launchopt_core.claims import Checked, Draft, content_hash
from launchopt_ml.copywriting import Brief, Example, Persona, Writer
from launchopt_ml.copywriting.care import Written, written_with_care

EXAMPLES = 3  # approved texts shown to a writer that learns from examples
TREATMENT = "treatment"  # of a launch that has no experiment yet
Spot = tuple[Place, Portrait]


class Dealt(NamedTuple):
    """What was written for a place, and which variant gets which drafts."""

    place: Place
    written: Written
    drafts: Mapping[str, Sequence[Draft]]


def treatments_of(launch: Launch) -> tuple[str, ...]:
    """The variants that need words."""
    if launch.experiment is None:
        return (TREATMENT,)
    variants = launch.experiment.variants.filter(is_control=False).order_by("name")
    return tuple(variants.values_list("name", flat=True)) or (TREATMENT,)


def spots_of(launch: Launch) -> list[Spot]:
    """Each audience, persona, channel and language of a launch, with whom it speaks to."""
    campaigns = Campaign.objects.filter(launch=launch, is_active=True).select_related("audience")
    portraits: dict[Audience, list[Portrait]] = {}
    for row in campaigns:
        if row.audience not in portraits:
            portraits[row.audience] = creatives.portraits_of(row.audience)
    own = creatives.facts_of(launch).language
    languages = dict.fromkeys((own, *launchopt_settings().copy_languages))
    return [
        (Place(launch=launch, audience=row.audience, channel=row.channel,
               language=language, segment=portrait.segment), portrait)
        for row in campaigns
        for portrait in portraits[row.audience]
        for language in languages
    ]  # fmt: skip


def write_spots(spots: list[Spot], *, variants: tuple[str, ...], writer: Writer) -> list[Dealt]:
    """The drafts of some spots, written at once; nothing is kept. Again gives the same words."""
    rejected = [_rejected_hashes(place) for place, _ in spots]
    wanted = len(variants) * max(launchopt_settings().copy_candidates, 1)
    written = written_with_care(
        writer,
        [_brief(place, portrait) for place, portrait in spots],
        candidates=wanted + max(map(len, rejected), default=0),
        check=checked,
        rng=_generator(spots),
    )
    return [
        Dealt(place, result, _dealt(_fresh(result, refused)[:wanted], variants))
        for (place, _), result, refused in zip(spots, written, rejected, strict=True)
    ]


def keep_drafts(dealt: Sequence[Dealt], *, now: datetime) -> dict[str, Any]:
    """Keep what was written for each place, by variant."""
    saved = [
        creatives.save_drafts(
            place=each.place,
            drafts=each.drafts,
            writer=each.written.writer,
            fallback_reason=each.written.fallback_reason,
            now=now,
        )
        for each in dealt
    ]
    fallbacks = sum(bool(each.written.fallback_reason) for each in dealt)
    return {"creatives": sum(map(len, saved)), "fallbacks": fallbacks}


def checked(draft: Draft, brief: Brief) -> Checked:
    """The check that all creatives pass."""
    return creatives.check_words(draft, facts=brief.facts, channel=brief.channel)


def _brief(place: Place, portrait: Portrait) -> Brief:
    facts = creatives.facts_in(creatives.facts_of(place.launch), language=place.language)
    return Brief(
        facts=facts,
        persona=Persona(interests=portrait.interests, price_band=portrait.price_band),
        channel=place.channel,
        tone=launchopt_settings().tone,
        examples=_examples(place),
    )


def _examples(place: Place) -> tuple[Example, ...]:
    """The texts of other launches approved last, in the same channel and language."""
    approved = Creative.objects.filter(
        channel=place.channel, language=place.language, status=Creative.Status.APPROVED
    ).exclude(launch=place.launch)
    latest = approved.select_related("launch__product__category").order_by("-reviewed_at")
    return tuple(
        Example(facts=creatives.facts_of(row.launch), draft=creatives.draft_of(row))
        for row in latest[:EXAMPLES]
    )


def _fresh(written: Written, rejected: set[str]) -> tuple[Draft, ...]:
    """Drafts that a person has not rejected here; where all are, those."""
    fresh = tuple(draft for draft in written.drafts if content_hash(draft) not in rejected)
    return fresh or written.drafts


def _dealt(drafts: tuple[Draft, ...], variants: tuple[str, ...]) -> dict[str, tuple[Draft, ...]]:
    """Drafts dealt to the variants in turn; where there are too few, some are shared."""
    return {
        variant: drafts[at :: len(variants)] or drafts[:1] for at, variant in enumerate(variants)
    }


def _rejected_hashes(place: Place) -> set[str]:
    rejected = Creative.objects.filter(**place.fields(), status=Creative.Status.REJECTED)
    return set(rejected.values_list("content_hash", flat=True))


def _generator(spots: list[Spot]) -> np.random.Generator:
    """Seeded by what it writes for, so that a worker that comes back writes the same."""
    place, _ = spots[0]
    segment = place.segment.pk.int if place.segment else 0
    words = int.from_bytes(f"{place.channel} {place.language}".encode()[:16])
    return np.random.default_rng([place.launch.pk.int, place.audience.pk.int, segment, words])
