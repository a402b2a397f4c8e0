"""What people preferred: the words that they approved beside those that they changed or rejected.

Each pair has the facts that both were written from, without any personal data, in the form that
trainers of DPO and of adapters read: prompt, chosen, rejected.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from launchopt.campaigns.creatives.facts import facts_in, facts_of
from launchopt.campaigns.creatives.writing import draft_of, stands
from launchopt.campaigns.models import Creative
from launchopt.operations.models import AuditEntry
from launchopt_core.claims import Facts, attribute_text, content_hash
from launchopt_core.claims.scrubbing import without_personal_data

FACTS_CHANGED = "the product has changed since"
NOTHING_APPROVED = "nothing was approved in its place"
PLACE = ("launch_id", "audience_id", "segment_id", "channel", "language")
Parts = Mapping[str, str]


@dataclass
class Preferences:
    """The pairs, and why other verdicts of people give none."""

    pairs: list[dict[str, Any]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def as_lines(self) -> str:
        """JSON Lines, one pair each."""
        return "".join(json.dumps(pair, ensure_ascii=False) + "\n" for pair in self.pairs)


def preferences_of(*, launches: Iterable[UUID | str] | None = None) -> Preferences:
    """What people preferred in these launches, or in all."""
    rows = Creative.objects.exclude(reviewed_at=None)
    if launches is not None:
        rows = rows.filter(launch__in=list(launches))
    reviewed = list(rows.select_related("launch__product__category").order_by("reviewed_at", "pk"))
    preferences = Preferences()
    for chosen, rejected, why in _judged(reviewed, preferences.left_out):
        preferences.pairs.append(_pair(chosen, rejected, why=why))
    return preferences


def _judged(
    reviewed: list[Creative], left_out: Counter[str]
) -> Iterator[tuple[Creative, Parts, str]]:
    """(approved creative, the words that it was preferred to, why those were not taken)."""
    approved = {}  # the one approved last in each place
    for creative in reviewed:
        if _still_holds(creative):
            approved[_place(creative)] = creative
            yield from _edited(creative)
    for creative in reviewed:
        if creative.status != Creative.Status.REJECTED:
            continue
        chosen = approved.get(_place(creative))
        if chosen is None:
            left_out[NOTHING_APPROVED] += 1
        elif chosen.facts_hash != creative.facts_hash:
            left_out[FACTS_CHANGED] += 1
        else:
            yield chosen, draft_of(creative).parts(), creative.rejection_reason


def _still_holds(creative: Creative) -> bool:
    """Whether it is approved as it stands, on the facts of now."""
    return (
        creative.status == Creative.Status.APPROVED
        and creative.approved_hash == content_hash(draft_of(creative))
        and stands(creative, facts=facts_of(creative.launch))
    )


def _edited(creative: Creative) -> Iterator[tuple[Creative, Parts, str]]:
    """Each wording that a person changed on the way to what was approved."""
    if not creative.edited_by:
        return
    edits = AuditEntry.objects.filter(action="edit_creative", subject=f"creative:{creative.pk}")
    seen = {json.dumps(draft_of(creative).parts(), sort_keys=True)}
    for before in edits.order_by("at", "pk").values_list("before", flat=True):
        words = json.dumps(before, sort_keys=True)
        if words not in seen:
            seen.add(words)
            yield creative, before, "edited"


def _pair(chosen: Creative, rejected: Parts, *, why: str) -> dict[str, Any]:
    facts = facts_in(facts_of(chosen.launch), language=chosen.language)
    asked = {"channel": chosen.channel, "language": chosen.language, "facts": _told(facts)}
    return {
        "prompt": [_said("user", _text(asked))],
        "chosen": [_said("assistant", _text(draft_of(chosen).parts()))],
        "rejected": [_said("assistant", _text(rejected))],
        "why": without_personal_data(why),
    }


def _told(facts: Facts) -> dict[str, str]:
    price = "" if facts.price is None else f"{facts.price.normalize():f} {facts.currency}".strip()
    told = {
        "title": facts.title,
        "description": facts.description,
        "category": facts.category,
        "brand": facts.brand,
        "price": price,
        **{str(name): attribute_text(value) for name, value in facts.attributes.items()},
        **{f"shop {number}": fact for number, fact in enumerate(facts.brand_facts, start=1)},
    }
    return {name: text for name, text in told.items() if text}


def _text(words: Mapping[str, Any]) -> str:
    """As JSON, in which nothing personal is left."""
    return json.dumps(_scrubbed(words), ensure_ascii=False)


def _scrubbed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {without_personal_data(str(name)): _scrubbed(each) for name, each in value.items()}
    return without_personal_data(str(value))


def _said(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def _place(creative: Creative) -> tuple[Any, ...]:
    return tuple(getattr(creative, name) for name in PLACE)
