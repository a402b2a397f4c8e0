"""What each variant has shown so far, where conversions are still to come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import connection

from launchopt.experiments.models import Experiment
from launchopt.experiments.selectors import outcome_bounds
from launchopt_core.bandit import Arm, Delays, arm_of


@dataclass(frozen=True)
class Cohort:
    """Customers of a variant who were assigned in the same hour, and converted so late or not."""

    variant: str
    age: int  # whole hours since the assignment
    delay: int | None  # whole hours to the first conversion
    count: int


def arms_seen(experiment: Experiment, *, until: datetime) -> dict[str, Arm]:
    """Each variant but the control: who converted, of how many who had had the time to.

    How long conversions take is learned from these variants together.
    """
    names = experiment.variants.filter(is_control=False).values_list("name", flat=True)
    found: dict[str, list[Cohort]] = defaultdict(list)
    for cohort in cohorts(experiment, until=until):
        found[cohort.variant].append(cohort)
    delays = _delays([cohort for name in names for cohort in found[name]])
    return {name: _arm(found[name], delays) for name in names}


def cohorts(experiment: Experiment, *, until: datetime) -> list[Cohort]:
    """All who are assigned, by variant, age and delay, in one query."""
    bounds = outcome_bounds(experiment, experiment.primary_metric, until)
    with connection.cursor() as cursor:
        cursor.execute(_query(of_products=bounds["products"] is not None), bounds)
        return [Cohort(*row) for row in cursor.fetchall()]


def _arm(found: Collection[Cohort], delays: Delays) -> Arm:
    converted = sum(cohort.count for cohort in found if cohort.delay is not None)
    return arm_of(float(converted), _each(found, "age"), delays)


def _delays(found: Collection[Cohort]) -> Delays:
    converted = [cohort for cohort in found if cohort.delay is not None]
    return Delays.learned(_each(converted, "delay"), _each(converted, "age"))


def _each(found: Collection[Cohort], figure: str) -> np.ndarray:
    """A figure of the cohorts once for each customer: (customers,)."""
    counts = np.array([cohort.count for cohort in found], dtype=int)
    return np.repeat(np.array([getattr(c, figure) for c in found], dtype=float), counts)


def _query(*, of_products: bool) -> str:
    """SQL: variant, age and delay in whole hours, customers."""
    product = "AND e.product_id = ANY(%(products)s)" if of_products else ""
    return f"""
        WITH assigned AS (
            SELECT a.customer_id, a.variant_id, a.assigned_at
            FROM launchopt_experiments_assignment a
            JOIN launchopt_audiences_customer c ON c.id = a.customer_id
            WHERE a.experiment_id = %(experiment)s AND c.merged_into_id IS NULL
              AND a.assigned_at < %(end)s
        ), first AS (
            SELECT a.customer_id, min(e.occurred_at) AS at
            FROM launchopt_audiences_event e JOIN assigned a ON a.customer_id = e.customer_id
            WHERE e.kind = %(kind)s {product} AND e.occurred_at >= a.assigned_at
              AND (%(since)s::timestamptz IS NULL OR e.occurred_at >= %(since)s)
              AND e.occurred_at < %(end)s
            GROUP BY a.customer_id
        )
        SELECT v.name,
               floor(extract(epoch FROM %(end)s - a.assigned_at) / 3600)::int AS age,
               floor(extract(epoch FROM f.at - a.assigned_at) / 3600)::int AS delay,
               count(*)
        FROM assigned a JOIN launchopt_experiments_variant v ON v.id = a.variant_id
        LEFT JOIN first f USING (customer_id)
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """  # noqa: S608 - pieces of our own, never a caller's words
