"""How likely customers are to buy what is launched, and how this was learned."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from launchopt.audiences.models import InterestScore
from launchopt.campaigns.models import Launch
from launchopt.operations.models import ModelVersion


class Chance(NamedTuple):
    """A customer and the probability that they buy."""

    customer: int
    probability: float


def chances_of_consenting(launch: Launch) -> list[Chance]:
    """Those who agreed to marketing and are not left out, the likeliest first."""
    left_out = launch.excluded.values("customer")
    rows = (
        InterestScore.objects.filter(
            product=launch.product,
            customer__merged_into=None,
            customer__consents__purpose="marketing",
            customer__consents__is_granted=True,
        )
        .exclude(customer__in=left_out)
        .order_by("-probability", "customer_id")
    )
    return [Chance(*row) for row in rows.values_list("customer_id", "probability")]


def scores_of(launch: Launch) -> dict[str, Any] | None:
    """Of the product's scores: as_of, horizon_days, model_version; None without any."""
    rows = InterestScore.objects.filter(product=launch.product).order_by("-as_of")
    return rows.values("as_of", "horizon_days", "model_version").first()


def model_of(launch: Launch) -> ModelVersion | None:
    """The model version that scored the product."""
    found = scores_of(launch)
    return ModelVersion.objects.filter(pk=found["model_version"]).first() if found else None


def has_scores(launch: Launch, *, as_of: datetime, horizon_days: int) -> bool:
    """Whether the product has been scored as of this instant and for this horizon."""
    found = scores_of(launch)
    return bool(found and found["as_of"] == as_of and found["horizon_days"] == horizon_days)
