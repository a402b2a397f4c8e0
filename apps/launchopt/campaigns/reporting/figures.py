"""What a launch did, in figures: totals, and by variant, channel and audience."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from launchopt.audiences.models import Audience
from launchopt.campaigns.models import Launch
from launchopt.experiments.guarding import guardrails_of, with_guardrails
from launchopt.experiments.models import MetricRollup
from launchopt.experiments.results import launch_effect
from launchopt.experiments.selectors import with_terms
from launchopt_core.assignment import HOLDOUT
from launchopt_core.money import quantise

COUNTED = ("decisions", "exposures", "clicks", "conversions", "returns")
MONEY = ("revenue", "spend")
NONE = "none"  # what belongs to no part, such as spend that a channel reports for all variants
NOT_MEASURED = {
    "estimate": None,
    "interval": None,
    "always_valid_interval": None,
    "verdict": "Nothing has been measured yet.",
    "guardrails": [],
}


@dataclass(frozen=True)
class Counts:
    """Counts and sums of money of one part of a launch."""

    decisions: int = 0
    exposures: int = 0
    clicks: int = 0
    conversions: int = 0
    returns: int = 0
    revenue: Decimal = Decimal(0)
    spend: Decimal = Decimal(0)

    @classmethod
    def of(cls, row: dict[str, Any]) -> Counts:
        """From the sums of a query, in which nothing is None."""
        counts = {name: int(row[name] or 0) for name in COUNTED}
        return cls(**counts, revenue=row["revenue"] or Decimal(0), spend=row["spend"] or Decimal(0))

    def as_dict(self, currency: str) -> dict[str, int | str]:
        """Integers, and money as text in the currency's own decimals."""
        counts: dict[str, int | str] = {name: getattr(self, name) for name in COUNTED}
        sums = {name: quantise(Decimal(getattr(self, name)), currency) for name in MONEY}
        return counts | {name: str(amount) for name, amount in sums.items()}


@dataclass(frozen=True)
class Figures:
    """The counts of a launch, whole and by each of its parts' names."""

    totals: Counts
    variants: dict[str, Counts]
    channels: dict[str, Counts]
    audiences: dict[str, Counts]
    campaigns: dict[str, Counts]
    creatives: dict[str, Counts]
    phases: dict[str, Counts]


def ready(launch: Launch) -> None:
    """Read the launch's experiment anew, once for all that a report asks of it."""
    if launch.experiment is not None:
        launch.experiment = with_terms(launch.experiment)


def figures_of(launch: Launch, *, with_holdout: bool = True) -> Figures:
    """The counts of a launch, in a fixed number of queries.

    Every variant, channel, audience and campaign of the plan is named, also where nothing happened;
    campaigns and creatives by their ids. Customers who were held out can be left out, for what is
    said of those who could be contacted.
    """
    hours, names = hours_of(launch), audience_names(launch)
    if not with_holdout:
        hours = hours.exclude(variant=HOLDOUT)
    return Figures(
        totals=Counts.of(hours.aggregate(**_sums())),
        variants=_by(hours, "variant", known=_variants(launch)),
        channels=_by(hours, "channel", known=list(launch.channels)),
        audiences={
            names.get(key, str(key)): counts
            for key, counts in _by(hours, "audience_id", known=list(names)).items()
        },
        campaigns=_by_id(hours, "campaign_id", known=launch.campaigns.values_list("pk", flat=True)),
        creatives=_by_id(hours, "creative_id"),
        phases=_by_id(hours, "phase"),
    )


def effect_of(launch: Launch, *, until: datetime | None = None) -> dict[str, Any]:
    """What the launch caused, as its experiment shows it, and what it must not have harmed."""
    if launch.experiment is None or launch.started_at is None:
        return dict(NOT_MEASURED)
    guardrails = guardrails_of(launch.experiment, until=until)
    effect = with_guardrails(launch_effect(launch.experiment, until=until), guardrails)
    return effect | {"guardrails": guardrails}


def hours_of(
    launch: Launch, *, grain: str = MetricRollup.Granularity.HOUR
) -> QuerySet[MetricRollup]:
    """The rollups of a launch by hour, or by another grain."""
    return MetricRollup.objects.filter(launch_id=launch.pk, granularity=grain)


def audience_names(launch: Launch) -> dict[uuid.UUID, str]:
    """The audiences of a launch; two of one name are told apart."""
    rows = Audience.objects.filter(campaigns__launch=launch).distinct().order_by("created_at")
    names: dict[uuid.UUID, str] = {}
    for key, name in rows.values_list("pk", "name"):
        names[key] = f"{name} ({str(key)[:8]})" if name in names.values() else name
    return names


def _by(
    hours: QuerySet[MetricRollup], dimension: str, *, known: Iterable[Any]
) -> dict[Any, Counts]:
    rows = hours.values(dimension).annotate(**_sums())
    found = {row[dimension] or NONE: Counts.of(row) for row in rows}
    return {key: Counts() for key in known} | found


def _by_id(
    hours: QuerySet[MetricRollup], dimension: str, *, known: Iterable[Any] = ()
) -> dict[str, Counts]:
    return {str(key): counts for key, counts in _by(hours, dimension, known=known).items()}


def _variants(launch: Launch) -> list[str]:
    if launch.experiment is None:
        return []
    return [variant.name for variant in launch.experiment.variants.all()]


def _sums() -> dict[str, Sum]:
    return {name: Sum(name) for name in (*COUNTED, *MONEY)}
