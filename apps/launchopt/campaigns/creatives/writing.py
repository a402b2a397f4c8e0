"""Drafts in, creatives out: each with its claims, its hash and the hash of its facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from launchopt.audiences.models import Audience, Segment
from launchopt.campaigns.creatives.facts import facts_of
from launchopt.campaigns.models import Creative, Launch
from launchopt.catalog.wording import check_parts
from launchopt_core.claims import (
    EMAIL_PARTS,
    PARTS,
    Checked,
    Draft,
    Facts,
    content_hash,
    facts_hash,
)
from launchopt_core.claims.evidence import plain

PERSON = "person"


def draft_of(creative: Creative) -> Draft:
    """The words of a creative."""
    return Draft(**{part: getattr(creative, part) for part in (*PARTS, *EMAIL_PARTS)})


def stands(creative: Creative, *, facts: Facts) -> bool:
    """Whether all that it was written on still holds: the product's facts and the shop's own."""
    return bool(standing([creative], facts=facts))


def standing(creatives: Iterable[Creative], *, facts: Facts) -> list[Creative]:
    """Those of a launch that stand."""
    digest, known = facts_hash(facts), set(facts.brand_facts)
    return [
        creative
        for creative in creatives
        if creative.facts_hash == digest and known.issuperset(creative.brand_facts)
    ]


def check_words(
    draft: Draft, *, facts: Facts, channel: str, gender: str = "", age_band: str = ""
) -> Checked:
    """What a draft claims and what of it may not be said: the check that all creatives pass.

    `gender` and `age_band` are those of the persona that it is written for, where they are known.
    """
    return check_parts(
        draft.parts(), facts=facts, channel=channel, gender=gender, age_band=age_band
    )


def checked_fields(draft: Draft, *, facts: Facts, channel: str) -> dict[str, Any]:
    """The words of a draft and all that follows from them and the facts."""
    checked = check_words(draft, facts=facts, channel=channel)
    return {
        **dict.fromkeys(EMAIL_PARTS, ""),
        **draft.parts(),
        "claims": [claim.as_dict() for claim in checked.claims],
        "refusals": [refusal.as_dict() for refusal in checked.refusals],
        "content_hash": content_hash(draft),
        "facts_hash": facts_hash(facts),
        "brand_facts": _rested_on(draft, checked, facts=facts),
    }


def _rested_on(draft: Draft, checked: Checked, *, facts: Facts) -> list[str]:
    """The brand facts that prove a claim of a draft, or that it repeats word for word."""
    proofs = {claim.support for claim in checked.claims}
    words = plain(" ".join(draft.parts().values()))
    return [
        sentence
        for number, sentence in enumerate(facts.brand_facts)
        if f"brand_facts.{number}" in proofs or plain(sentence) in words
    ]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where words are needed: an audience, or one kind of shopper in it, a channel, a language."""

    launch: Launch
    audience: Audience
    channel: str
    language: str
    segment: Segment | None = None

    def fields(self) -> dict[str, Any]:
        """The fields of a creative that stands here."""
        names = ("launch", "audience", "channel", "language", "segment")
        return {name: getattr(self, name) for name in names}


@transaction.atomic
def save_drafts(
    *,
    place: Place,
    drafts: Mapping[str, Sequence[Draft]],
    writer: str,
    now: datetime,
    fallback_reason: str = "",
) -> list[Creative]:
    """Keep each variant's drafts in the place of those that nobody has reviewed.

    What a person wrote, approved or rejected stays. Saving the same drafts again changes nothing.
    """
    facts, fields = facts_of(place.launch), place.fields()
    hashes = [content_hash(draft) for each in drafts.values() for draft in each]
    unreviewed = Creative.objects.filter(**fields, variant__in=drafts, reviewed_at=None)
    unreviewed.exclude(writer=PERSON).exclude(content_hash__in=hashes).delete()
    origin = {"writer": writer, "fallback_reason": fallback_reason, "created_at": now}
    return [
        _save(fields | {"variant": variant}, draft, facts=facts, origin=origin)
        for variant, draft in _each(drafts)
    ]


def _each(drafts: Mapping[str, Sequence[Draft]]) -> Iterator[tuple[str, Draft]]:
    return ((variant, draft) for variant, each in drafts.items() for draft in each)


def _save(place: dict[str, Any], draft: Draft, *, facts: Facts, origin: dict[str, Any]) -> Creative:
    fields = checked_fields(draft, facts=facts, channel=place["channel"])
    creative, is_new = Creative.objects.get_or_create(
        **place, content_hash=fields["content_hash"], defaults=fields | origin
    )
    if not is_new and creative.status == Creative.Status.STALE:
        for name, value in (fields | {"status": Creative.Status.DRAFT}).items():
            setattr(creative, name, value)
        creative.save()
    return creative
