"""Drafts in, creatives out: each with its claims, its hash and the hash of its facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from launchopt.audiences.models import Audience
from launchopt.campaigns.creatives.facts import facts_of
from launchopt.campaigns.models import Creative, Launch
from launchopt.conf import launchopt_settings
from launchopt_core.claims import (
    PARTS,
    Checked,
    Draft,
    Facts,
    check,
    claims_of,
    content_hash,
    facts_hash,
)

PERSON = "person"


def draft_of(creative: Creative) -> Draft:
    """The words of a creative."""
    return Draft(**{part: getattr(creative, part) for part in PARTS})


def ledger_of(draft: Draft, *, facts: Facts) -> list[dict[str, object]]:
    """The claims of a draft as a creative keeps them."""
    return [claim.as_dict() for claim in claims_of(draft, facts=facts)]


def check_words(draft: Draft, *, facts: Facts, channel: str) -> Checked:
    """What a draft claims and what of it may not be said: the check that all creatives pass."""
    shop = launchopt_settings()
    return check(
        draft.parts(),
        facts=facts,
        channel=channel,
        forbidden=shop.forbidden_terms,
        required=shop.required_terms,
    )


def checked_fields(draft: Draft, *, facts: Facts) -> dict[str, Any]:
    """The words of a draft and all that follows from them and the facts."""
    return {
        **draft.parts(),
        "claims": ledger_of(draft, facts=facts),
        "content_hash": content_hash(draft),
        "facts_hash": facts_hash(facts),
        "language": facts.language,
    }


@transaction.atomic
def save_drafts(
    *,
    launch: Launch,
    audience: Audience,
    channel: str,
    drafts: Mapping[str, Draft],
    writer: str,
    now: datetime,
) -> list[Creative]:
    """Keep one draft for each variant in the place of those that nobody has reviewed.

    What a person wrote, approved or rejected stays. Saving the same drafts again changes nothing.
    """
    facts = facts_of(launch)
    place = {"launch": launch, "audience": audience, "channel": channel}
    hashes = [content_hash(draft) for draft in drafts.values()]
    unreviewed = Creative.objects.filter(**place, variant__in=drafts, reviewed_at=None)
    unreviewed.exclude(writer=PERSON).exclude(content_hash__in=hashes).delete()
    return [
        _save(place | {"variant": variant}, draft, facts=facts, writer=writer, now=now)
        for variant, draft in drafts.items()
    ]


def _save(
    place: dict[str, Any], draft: Draft, *, facts: Facts, writer: str, now: datetime
) -> Creative:
    fields = checked_fields(draft, facts=facts)
    creative, is_new = Creative.objects.get_or_create(
        **place,
        content_hash=fields["content_hash"],
        defaults=fields | {"writer": writer, "created_at": now},
    )
    if not is_new and creative.status == Creative.Status.STALE:
        for name, value in (fields | {"status": Creative.Status.DRAFT}).items():
            setattr(creative, name, value)
        creative.save()
    return creative
