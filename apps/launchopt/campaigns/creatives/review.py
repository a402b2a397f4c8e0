"""A person reads, edits, approves or rejects. An approval pins the hash of the words."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from launchopt.campaigns.creatives.facts import facts_of
from launchopt.campaigns.creatives.ranking import CLICK_RATES
from launchopt.campaigns.creatives.writing import (
    PERSON,
    check_words,
    checked_fields,
    draft_of,
    stands,
)
from launchopt.campaigns.models import Creative, Launch
from launchopt.campaigns.news import tell_approved, tell_withdrawn
from launchopt.campaigns.selectors.approvers import has_other_approver
from launchopt.operations.errors import Conflict, FieldError, InvalidInput, NotAllowed
from launchopt.operations.services import actor_name, record_audit
from launchopt_core.claims import (
    Draft,
    content_hash,
    overruns,
    parts_in,
)

REVIEW_FIELDS = ["status", "approved_hash", "reviewed_by", "reviewed_at", "rejection_reason"]


@transaction.atomic
def edit_creative(*, creative: Creative, by: Any, now: datetime, **changes: str) -> Creative:
    """Change words. They are checked again, and an approval of the former words is dropped.

    A stale creative that is saved as it stands is checked against the facts of now.
    Raises InvalidInput for an unknown part, an empty headline or words too long for the channel,
    Conflict once the launch has finished or where the same words stand there already.
    """
    creative = _locked(creative)
    before = draft_of(creative)
    draft = check_edit(creative=creative, **changes)
    if draft == before and creative.status != Creative.Status.STALE:
        return creative
    if creative.status == Creative.Status.APPROVED:
        tell_withdrawn([creative], why="Its words were changed.", now=now)
    facts = facts_of(creative.launch)
    fields = checked_fields(draft, facts=facts, channel=creative.channel)
    origin = {"writer": PERSON, "edited_by": actor_name(by)[:150], "fallback_reason": ""}
    unknown = dict.fromkeys(CLICK_RATES)  # what was expected of the former words
    for name, value in (fields | origin | unknown).items():
        setattr(creative, name, value)
    creative.status, creative.approved_hash = Creative.Status.DRAFT, ""
    creative.rejection_reason = ""
    creative.save()
    _record("edit_creative", creative, by=by, now=now, before=before.parts(), after=draft.parts())
    return creative


def check_edit(*, creative: Creative, **changes: str) -> Draft:
    """The words that an edit would give; raises what `edit_creative` raises and writes nothing."""
    if creative.launch.status == Launch.Status.FINISHED:
        raise Conflict("The launch has finished; its creatives are kept as they were shown.")
    draft = _changed(draft_of(creative), changes, known=parts_in(creative.channel))
    if draft != draft_of(creative):
        _check_words(draft, channel=creative.channel)
        _check_unique(creative, content_hash(draft))
    return draft


@transaction.atomic
def approve_creative(*, creative: Creative, by: Any, now: datetime) -> Creative:
    """Approve exactly these words. Approving twice is the same as approving once.

    Raises Conflict where the facts have changed since they were written, a claim has no proof or
    the words may not be said, NotAllowed for who wrote them where somebody else may approve.
    """
    creative = _locked(creative)
    draft, facts = draft_of(creative), facts_of(creative.launch)
    digest = content_hash(draft)
    if creative.status == Creative.Status.APPROVED and creative.approved_hash == digest:
        return creative
    _check_other_eyes(creative, by=by)
    if not stands(creative, facts=facts):
        raise Conflict(
            f"What {creative.headline!r} was written on has changed since; "
            "save it again to have it checked, or have it written anew."
        )
    if faults := check_words(draft, facts=facts, channel=creative.channel).faults():
        raise Conflict(f"{creative.headline!r} cannot be approved: {'; '.join(faults)}")
    creative.content_hash = digest
    _review(creative, Creative.Status.APPROVED, by=by, now=now, approved_hash=digest)
    tell_approved(creative, now=now)
    return creative


@transaction.atomic
def approve_creatives(*, launch: Launch, by: Any, now: datetime) -> int:
    """Approve every creative of a launch that waits for it. Gives how many."""
    waiting = Creative.objects.filter(launch=launch, status=Creative.Status.DRAFT)
    for creative in waiting:
        approve_creative(creative=creative, by=by, now=now)
    return len(waiting)


@transaction.atomic
def reject_creative(*, creative: Creative, by: Any, reason: str, now: datetime) -> Creative:
    """Say no, with a reason that its writer can learn from; it is shown no longer."""
    reason = " ".join(reason.split())
    if not reason:
        raise InvalidInput.at("/reason", "Say why, so that the next text is better.")
    creative = _locked(creative)
    if creative.status == Creative.Status.APPROVED:
        tell_withdrawn([creative], why=f"It was rejected: {reason[:300]}", now=now)
    _review(creative, Creative.Status.REJECTED, by=by, now=now, reason=reason[:300])
    return creative


def _locked(creative: Creative) -> Creative:
    rows = Creative.objects.select_for_update(of=("self",))
    return rows.select_related("launch__product__category").get(pk=creative.pk)


def _check_other_eyes(creative: Creative, *, by: Any) -> None:
    maker = creative.edited_by
    if maker and maker == actor_name(by) and has_other_approver(maker):
        raise NotAllowed(f"{maker} wrote these words; somebody else has to approve them.")


def _changed(before: Draft, changes: dict[str, str], *, known: tuple[str, ...]) -> Draft:
    unknown = sorted(changes.keys() - set(known))
    if unknown:
        raise InvalidInput.at(
            f"/{unknown[0]}", f"A creative has no {unknown[0]!r}; it has {', '.join(known)}."
        )
    return replace(before, **{part: text.strip() for part, text in changes.items()})


def _check_words(draft: Draft, *, channel: str) -> None:
    if not draft.headline:
        raise InvalidInput.at("/headline", "A creative needs a headline.")
    faults = [FieldError(f"/{o.part}", str(o)) for o in overruns(draft, channel=channel)]
    if faults:
        raise InvalidInput(f"Too long for {channel}: {faults[0].detail}", faults)


def _check_unique(creative: Creative, digest: str) -> None:
    same = Creative.objects.filter(
        launch=creative.launch,
        audience=creative.audience,
        channel=creative.channel,
        variant=creative.variant,
        segment=creative.segment_id,
        language=creative.language,
        content_hash=digest,
    ).exclude(pk=creative.pk)
    if same.exists():
        raise Conflict("The same words stand there already for this audience and variant.")


def _review(
    creative: Creative,
    status: str,
    *,
    by: Any,
    now: datetime,
    approved_hash: str = "",
    reason: str = "",
) -> None:
    before = {"status": creative.status, "approved_hash": creative.approved_hash}
    creative.status, creative.approved_hash = status, approved_hash
    creative.reviewed_by, creative.reviewed_at = actor_name(by)[:150], now
    creative.rejection_reason = reason
    creative.save(update_fields=[*REVIEW_FIELDS, "content_hash"])
    after = {"status": str(status), "approved_hash": approved_hash}
    action = "approve_creative" if approved_hash else "reject_creative"
    _record(action, creative, by=by, now=now, before=before, after=after, note=reason)


def _record(action: str, creative: Creative, **entry: Any) -> None:
    record_audit(action=action, subject=f"creative:{creative.pk}", **entry)
