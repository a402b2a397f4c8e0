"""How those who bought it like it: what they rated, liked and sent back."""

from __future__ import annotations

from typing import Any

from django.db.models import Avg, Count, Q

from launchopt.audiences.models import Event, EventKind
from launchopt.campaigns.models import Launch


def satisfaction_with(launch: Launch) -> dict[str, Any]:
    """Ratings and likes of the product since its launch started, in one query.

    `mean_rating` is in the shop's own units, and so is `review_sentiment`, the mean of the values
    that the shop sent with reviews; None where there is none.
    """
    if launch.started_at is None:
        counts = dict.fromkeys(("ratings", "reviews", "likes", "dislikes"), 0)
        return counts | {"mean_rating": None, "review_sentiment": None}
    rows = Event.objects.filter(product=launch.product_id, occurred_at__gte=launch.started_at)
    return rows.aggregate(
        ratings=Count("pk", filter=Q(kind=EventKind.RATING)),
        mean_rating=Avg("value", filter=Q(kind=EventKind.RATING)),
        reviews=Count("pk", filter=Q(kind=EventKind.REVIEW)),
        review_sentiment=Avg("value", filter=Q(kind=EventKind.REVIEW)),
        likes=Count("pk", filter=Q(kind=EventKind.LIKE)),
        dislikes=Count("pk", filter=Q(kind=EventKind.DISLIKE)),
    )
