"""How those who bought it like it: what they rated, liked and sent back."""

from __future__ import annotations

from typing import Any

from django.db.models import Avg, Count, Q

from launchopt.audiences.models import Event, EventKind
from launchopt.campaigns.models import Launch


def satisfaction_with(launch: Launch) -> dict[str, Any]:
    """Ratings and likes of the product since its launch started, in one query.

    `mean_rating` is in the shop's own units; None where nobody rated.
    """
    if launch.started_at is None:
        return {"ratings": 0, "mean_rating": None, "reviews": 0, "likes": 0, "dislikes": 0}
    rows = Event.objects.filter(product=launch.product_id, occurred_at__gte=launch.started_at)
    return rows.aggregate(
        ratings=Count("pk", filter=Q(kind=EventKind.RATING)),
        mean_rating=Avg("value", filter=Q(kind=EventKind.RATING)),
        reviews=Count("pk", filter=Q(kind=EventKind.REVIEW)),
        likes=Count("pk", filter=Q(kind=EventKind.LIKE)),
        dislikes=Count("pk", filter=Q(kind=EventKind.DISLIKE)),
    )
