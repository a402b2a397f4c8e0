"""How often which words were shown to which kind of shopper, and clicked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from launchopt.campaigns.models import Creative, Launch

# A creative that was edited by hand counts from the approval of its words of now.
SHOWN = """
    SELECT d.creative_id, p.segment_id, count(*), count(c.decision_id)
    FROM launchopt_campaigns_decision d
    JOIN launchopt_campaigns_creative w ON w.id = d.creative_id
    LEFT JOIN launchopt_audiences_persona p ON p.customer_id = d.customer_id
    LEFT JOIN (
        SELECT DISTINCT decision_id FROM launchopt_audiences_event
        WHERE kind = 'click' AND decision_id IS NOT NULL AND occurred_at < %(until)s
    ) c ON c.decision_id = d.id
    WHERE d.state = 'confirmed' AND d.decided_at < %(until)s
        AND (w.edited_by = '' OR d.decided_at >= w.reviewed_at)
    GROUP BY d.creative_id, p.segment_id
    ORDER BY max(d.decided_at) DESC, d.creative_id, p.segment_id
    LIMIT %(most)s"""
RANKED = (Creative.Status.DRAFT, Creative.Status.STALE, Creative.Status.APPROVED)


class Shown(NamedTuple):
    """Words before the customers of one persona, or of none."""

    creative: UUID
    segment: UUID | None
    exposures: int
    clicks: int


def shown_words(*, until: datetime, most: int) -> Sequence[Shown]:
    """What was shown and clicked before an instant, the latest first, at most so many rows."""
    with connection.cursor() as cursor:
        cursor.execute(SHOWN, {"until": until, "most": most})
        return [Shown(*row) for row in cursor.fetchall()]


def words_to_rank(*, launch: UUID | str | None = None) -> QuerySet[Creative]:
    """The creatives of launches that go on, of one or of all, as far as nobody rejected them."""
    rows = Creative.objects.filter(status__in=RANKED).exclude(launch__status=Launch.Status.FINISHED)
    rows = rows.filter(launch=launch) if launch else rows
    return rows.select_related("segment").order_by("pk")
