"""What may be shown: approved words, unchanged since, on facts that still hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from launchopt.campaigns.creatives.facts import facts_of
from launchopt.campaigns.creatives.writing import draft_of, standing
from launchopt.campaigns.models import Creative, Launch
from launchopt.campaigns.news import tell_withdrawn
from launchopt.conf import launchopt_settings
from launchopt.operations.alerts import open_alert
from launchopt.operations.services import record_audit
from launchopt_core.claims import content_hash, facts_hash

ONGOING = (
    Launch.Status.PLANNING,
    Launch.Status.PLANNED,
    Launch.Status.APPROVED,
    Launch.Status.RUNNING,
    Launch.Status.PAUSED,
)
NOT_STALE = (Creative.Status.DRAFT, Creative.Status.APPROVED)


def servable_creatives(
    *, launch: Launch, now: datetime, audiences: Collection[UUID] | None = None
) -> list[Creative]:
    """The creatives of a launch, or of some of its audiences, that may be shown, in one query.

    The hash of the stored words must be the approved one: words changed past the services are not
    shown, an alert is raised, and the audit trail says so.
    """
    approved = Creative.objects.filter(launch=launch, status=Creative.Status.APPROVED)
    if audiences is not None:
        approved = approved.filter(audience__in=audiences)
    approved = approved.order_by("pk")
    as_approved = []
    for creative in approved:
        if content_hash(draft_of(creative)) != creative.approved_hash:
            withdraw_tampered(creative=creative, now=now)
        else:
            as_approved.append(creative)
    return standing(as_approved, facts=facts_of(launch))


@transaction.atomic
def withdraw_tampered(*, creative: Creative, now: datetime) -> None:
    """Take a creative out of service whose words are not those that a person approved."""
    Creative.objects.filter(pk=creative.pk).update(status=Creative.Status.DRAFT, approved_hash="")
    subject = f"creative:{creative.pk}"
    open_alert(
        code="creative_changed",
        subject=subject,
        severity="critical",
        message="Its words are not those that were approved; it is shown no longer.",
        now=now,
    )
    record_audit(
        action="withdraw_creative",
        subject=subject,
        by=None,
        now=now,
        before={"approved_hash": creative.approved_hash},
        after={"content_hash": content_hash(draft_of(creative))},
        note="The words were changed past the review.",
    )
    tell_withdrawn([creative], why="Its words were changed past the review.", now=now)


@transaction.atomic
def mark_stale(*, now: datetime, product_ids: Iterable[int] | None = None) -> int:
    """Take creatives out of service that were written on other facts than there are now.

    Looks at the given products, or at those changed after their creatives were written and at
    words that rest on a brand fact that the settings no longer have. Gives how many became stale.
    """
    launches = Launch.objects.filter(status__in=ONGOING).select_related("product__category")
    if product_ids is None:
        has_changed = Q(product__updated_at__gt=F("creatives__created_at"))
        rests_on_less = Q(creatives__in=_resting_on_less())
        launches = launches.filter(has_changed | rests_on_less).distinct()
    else:
        launches = launches.filter(product__in=list(product_ids))
    return sum(_mark_stale(launch, now=now) for launch in launches)


def _resting_on_less() -> QuerySet[Creative]:
    """Words that rest on a brand fact that is none any more."""
    known = list(launchopt_settings().brand_facts)
    rows = Creative.objects.filter(status__in=NOT_STALE).exclude(brand_facts=[])
    return rows.exclude(brand_facts__contained_by=known)


def _mark_stale(launch: Launch, *, now: datetime) -> int:
    rows = Creative.objects.filter(launch=launch, status__in=NOT_STALE)
    outdated = ~Q(facts_hash=facts_hash(facts_of(launch))) | Q(pk__in=_resting_on_less())
    shown = list(rows.filter(outdated, status=Creative.Status.APPROVED))
    tell_withdrawn(shown, why="The facts changed.", now=now)
    stale = rows.filter(outdated).update(status=Creative.Status.STALE, approved_hash="")
    if stale:
        subject = f"launch:{launch.pk}"
        message = f"The facts changed: {stale} creatives are stale and shown no longer."
        open_alert(code="creatives_stale", subject=subject, message=message, now=now)
        record_audit(
            action="mark_creatives_stale",
            subject=subject,
            by=None,
            now=now,
            after={"stale": stale},
        )
    return stale
