"""The global holdout: customers whom no launch contacts, and what all launches caused together."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection
from django.db.models.functions import Least
from numpy.typing import NDArray

from launchopt.audiences.models import Customer
from launchopt.conf import launchopt_settings
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt_core import inference
from launchopt_core.assignment import HOLDOUT, is_holdout
from launchopt_core.inference import Analysis, Comparisons, Kind, Labels, Terms

SALT = "launchopt:all-launches"
REST = "launches"
METRICS = ("purchases", "revenue")
BLOCK = 50_000  # customers read at a time

PURCHASES = """
    SELECT coalesce(c.merged_into_id, c.id),
           sum(e.quantity)::float8, sum(coalesce(e.price, 0) * e.quantity)::float8
    FROM launchopt_audiences_event e JOIN launchopt_audiences_customer c ON c.id = e.customer_id
    WHERE e.kind = 'purchase' AND e.occurred_at >= %(since)s AND e.occurred_at < %(until)s
    GROUP BY 1
"""


def is_held_from_all_launches(external_id: str) -> bool:
    """Whether no launch may contact this customer, by the shop's own id."""
    share = launchopt_settings().global_holdout
    return share > 0 and is_holdout(external_id, SALT, share)


def global_effect(*, since: datetime, until: datetime) -> dict[str, Any]:
    """Purchases and revenue per customer of all who could be contacted against those held from all
    launches, as `analyse_experiment --json` gives it.

    Customers known before `since`, whoever they are and whatever they agreed to: contacts may
    change consent, never the draw. Raises Conflict where nobody is held from all launches.
    """
    if not launchopt_settings().global_holdout > 0:
        raise Conflict("Nobody is held from all launches: the setting GLOBAL_HOLDOUT is 0.")
    if until <= since:
        raise InvalidInput.at("/until", "It ends before it begins.")
    sums = _sums(since=since, until=until)
    held, rest = (_sample(sums[name]) for name in (HOLDOUT, REST))
    before, after = inference.outcome_of(held), inference.outcome_of(rest)
    comparisons = Comparisons(
        labels=Labels(["all"] * 2, METRICS, [REST] * 2, np.zeros(2, dtype=int)),
        control=before,
        treatment=after,
        difference=inference.difference_of(before, after),
        events=np.array([sums[HOLDOUT].buyers + sums[REST].buyers] * 2, dtype=float),
    )
    analysis = Analysis.of(comparisons, Terms())
    share = launchopt_settings().global_holdout
    ratio = inference.sample_ratio([sums[HOLDOUT].count, sums[REST].count], [share, 1 - share])
    told = analysis.conclusions(control=HOLDOUT, is_balanced=np.broadcast_to(ratio.ok, (2,)))
    words = [each.sentence for each in told]
    return analysis.report(words, groups=["all"], ratio=ratio) | {"control": HOLDOUT}


@dataclass
class Sums:
    """Customers of one side, and sums and sums of squares of each metric over them."""

    count: int = 0
    buyers: int = 0
    total: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(METRICS)))
    squares: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(METRICS)))


def _sums(*, since: datetime, until: datetime) -> dict[str, Sums]:
    """Everybody known before `since`; those who bought nothing count with nothing."""
    with connection.cursor() as cursor:
        cursor.execute(PURCHASES, {"since": since, "until": until})
        bought = {pk: np.array(values) for pk, *values in cursor.fetchall()}
    sums = {HOLDOUT: Sums(), REST: Sums()}
    known = Least("joined_at", "created_at")  # PostgreSQL leaves NULL out
    customers = Customer.objects.alias(known=known).filter(known__lt=since, merged_into=None)
    customers = customers.order_by()
    for pk, name in customers.values_list("pk", "external_id").iterator(chunk_size=BLOCK):
        side = sums[HOLDOUT if is_held_from_all_launches(name) else REST]
        side.count += 1
        if pk in bought:
            side.buyers += 1
            side.total += bought[pk]
            side.squares += bought[pk] ** 2
    return sums


def _sample(sums: Sums) -> inference.Sample:
    return inference.Sample.from_sums(
        kind=[Kind.MEAN] * len(METRICS),
        count=[sums.count] * len(METRICS),
        sum=sums.total,
        sum_squares=sums.squares,
    )
