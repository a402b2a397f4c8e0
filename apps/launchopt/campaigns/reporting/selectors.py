"""Questions that the report's pictures answer. Each is a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.models import Avg, Count, Q, Sum

from launchopt.audiences.models import Audience, InterestScore
from launchopt.campaigns.models import BudgetCell, Creative, Decision, Launch, Reason
from launchopt.campaigns.reporting.figures import hours_of

# Classes of probability, each from (inclusive) to (exclusive); wide where few customers are.
CLASSES = (
    0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.01,
)  # fmt: skip
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Interest:
    """How the predicted probabilities of a product are spread."""

    customers: int
    mean: float | None
    counts: tuple[int, ...]  # by class
    as_of: datetime | None
    horizon_days: int | None


@dataclass(frozen=True)
class Hours:
    """Money by hour of a launch, from its first hour on."""

    starts: tuple[datetime, ...]
    planned: tuple[Decimal, ...]
    spent: tuple[Decimal, ...]
    exposures: tuple[int, ...]


@dataclass(frozen=True)
class PlanFigure:
    """One figure of the plan, and where it comes from."""

    name: str
    value: str
    source: str
    detail: str


def interest_in(launch: Launch) -> Interest:
    """The spread of interest in a launch's product, in two queries."""
    scores = InterestScore.objects.filter(product=launch.product)
    classes = {
        f"class_{i}": Count("pk", filter=Q(probability__gte=low, probability__lt=high))
        for i, (low, high) in enumerate(pairwise(CLASSES))
    }
    found = scores.aggregate(**classes, customers=Count("pk"), mean=Avg("probability"))
    latest = scores.order_by("-as_of").values("as_of", "horizon_days").first() or {}
    return Interest(
        customers=found["customers"],
        mean=found["mean"],
        counts=tuple(found[name] for name in classes),
        as_of=latest.get("as_of"),
        horizon_days=latest.get("horizon_days"),
    )


def audiences_of(launch: Launch) -> list[Audience]:
    """The audiences of a launch, the largest first."""
    rows = Audience.objects.filter(campaigns__launch=launch).distinct()
    return sorted(rows, key=lambda audience: -audience.size)


def money_by_hour(launch: Launch) -> Hours:
    """Planned and spent money of each hour of a launch, in two queries."""
    planned: dict[datetime, Decimal] = defaultdict(Decimal)
    cells = BudgetCell.objects.filter(campaign__launch=launch)
    for at, amount in cells.values_list("starts_at").annotate(Sum("amount")):
        planned[_hour(at)] += amount
    spent: dict[datetime, Decimal] = defaultdict(Decimal)
    exposures: dict[datetime, int] = defaultdict(int)
    rollups = hours_of(launch).values_list("starts_at").annotate(Sum("spend"), Sum("exposures"))
    for at, amount, seen in rollups:
        spent[_hour(at)] += amount
        exposures[_hour(at)] += seen
    starts = tuple(_hours(launch.starts_at, launch.ends_at))
    return Hours(
        starts=starts,
        planned=tuple(planned[at] for at in starts),
        spent=tuple(spent[at] for at in starts),
        exposures=tuple(exposures[at] for at in starts),
    )


def money_by_campaign(launch: Launch) -> list[tuple[str, str, Decimal, int, float]]:
    """Channel, audience, planned money, contacts and expected purchases of each campaign."""
    cells = BudgetCell.objects.filter(campaign__launch=launch).order_by("campaign__channel")
    rows = cells.values_list("campaign__channel", "campaign__audience__name", "campaign")
    summed = rows.annotate(Sum("amount"), Sum("contacts"), Sum("expected_response"))
    return [
        (channel, audience, amount, contacts, expected)
        for channel, audience, _, amount, contacts, expected in summed
    ]


def silence_of(launch: Launch) -> list[tuple[str, int]]:
    """What decisions about a launch came to, as (reason in words, how many), the most first."""
    rows = Decision.objects.filter(launch=launch).values_list("reason").annotate(n=Sum("weight"))
    labels = dict(Reason.choices)
    counted = [(str(labels.get(reason, reason)), n) for reason, n in rows]
    return sorted(counted, key=lambda row: -row[1])


def creatives_of(launch: Launch) -> list[tuple[Creative, dict[str, Any]]]:
    """The creatives of a launch with what came of each, in two queries."""
    sums = {name: Sum(name) for name in ("exposures", "clicks", "conversions")}
    rows = hours_of(launch).exclude(creative_id=None).values("creative_id").annotate(**sums)
    found = {row["creative_id"]: row for row in rows}
    nothing = dict.fromkeys(sums, 0)
    creatives = Creative.objects.filter(launch=launch).select_related("audience")
    return [(creative, found.get(creative.pk, nothing)) for creative in creatives]


def plan_figures(plan: Mapping[str, Any]) -> list[PlanFigure]:
    """Every figure of a plan that names its source, wherever it stands in it.

    >>> plan_figures({"reach": {"value": 0.2, "source": "prior", "detail": "assumed"}})[0].name
    'reach'
    """
    return list(_figures(plan, ()))


def _figures(node: Any, path: tuple[str, ...]) -> Iterator[PlanFigure]:
    if isinstance(node, Mapping) and {"value", "source"} <= node.keys():
        yield PlanFigure(
            name=" · ".join(path),
            value=_value_words(node["value"]),
            source=str(node["source"]),
            detail=str(node.get("detail", "")),
        )
    elif isinstance(node, Mapping):
        for name, inner in node.items():
            yield from _figures(inner, (*path, str(name).replace("_", " ")))
    elif isinstance(node, list):
        for index, inner in enumerate(node, start=1):
            yield from _figures(inner, (*path, _name_of(inner, index)))


def _name_of(node: Any, index: int) -> str:
    if isinstance(node, Mapping):
        named = (str(node[key]) for key in ("name", "audience", "channel", "hour") if key in node)
        return next(named, str(index))
    return str(index)


def _value_words(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def _hours(since: datetime, until: datetime) -> Iterator[datetime]:
    at = _hour(since)
    while at < until:
        yield at
        at += HOUR


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
