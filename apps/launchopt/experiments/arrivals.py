"""What each variant has shown so far, where conversions are still to come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import numpy as np
from django.db import connection

from launchopt.experiments.models import Experiment
from launchopt.experiments.outcomes import outcome_bounds
from launchopt.experiments.results import treated_of
from launchopt_core.bandit import Arm, Delays, arm_of

LEANING = 100  # customers that what other audiences show counts as, in the belief about one

Arms = dict[str, Arm]  # by variant


@dataclass(frozen=True)
class Cohort:
    """Customers of a variant who were assigned in the same hour, and converted so late or not."""

    variant: str
    audience: UUID | None  # where asked for by it
    age: int  # whole hours since the assignment
    delay: int | None  # whole hours to the first conversion
    count: int


def arms_seen(experiment: Experiment, *, until: datetime) -> Arms:
    """Each variant but the control: who converted, of how many who had had the time to.

    How long conversions take is learned from these variants together.
    """
    found = _of_treated(experiment, cohorts(experiment, until=until))
    return _arms(experiment, found, _delays(found))


def arms_by_audience(
    experiment: Experiment, *, audiences: Collection[UUID], until: datetime
) -> dict[UUID, Arms]:
    """The same of each audience. Its belief starts from what the others show, as `LEANING`
    customers, so that a small audience goes with the rest until its own say otherwise."""
    found = _of_treated(experiment, cohorts(experiment, until=until, audiences=audiences))
    delays = _delays(found)
    arms = {
        audience: _arms(experiment, (c for c in found if c.audience == audience), delays)
        for audience in audiences
    }
    return {
        audience: {name: _leaning(arm, _others(arms, audience, name)) for name, arm in own.items()}
        for audience, own in arms.items()
    }


def cohorts(
    experiment: Experiment, *, until: datetime, audiences: Collection[UUID] = ()
) -> list[Cohort]:
    """All who are assigned, by variant, age and delay, in one query; by audience if asked for."""
    bounds = outcome_bounds(experiment, experiment.primary_metric, until)
    query = _query(of_products=bounds["products"] is not None, by_audience=bool(audiences))
    with connection.cursor() as cursor:
        cursor.execute(query, bounds | {"audiences": list(audiences)})
        return [Cohort(*row) for row in cursor.fetchall()]


def _of_treated(experiment: Experiment, found: Iterable[Cohort]) -> list[Cohort]:
    names = treated_of(experiment)
    return [cohort for cohort in found if cohort.variant in names]


def _arms(experiment: Experiment, found: Iterable[Cohort], delays: Delays) -> Arms:
    by_variant: dict[str, list[Cohort]] = defaultdict(list)
    for cohort in found:
        by_variant[cohort.variant].append(cohort)
    return {name: _arm(by_variant[name], delays) for name in treated_of(experiment)}


def _arm(found: Collection[Cohort], delays: Delays) -> Arm:
    converted = sum(cohort.count for cohort in found if cohort.delay is not None)
    return arm_of(float(converted), _each(found, "age"), delays)


def _others(arms: Mapping[UUID, Arms], audience: UUID, name: str) -> list[Arm]:
    return [own[name] for key, own in arms.items() if key != audience]


def _leaning(arm: Arm, others: Collection[Arm]) -> Arm:
    """The arm with what others show as its prior; the plain prior where they show nothing."""
    trials = sum(other.trials for other in others)
    if not trials:
        return arm
    rate, weight = sum(other.successes for other in others) / trials, min(trials, LEANING)
    won, lost = arm.prior
    return replace(arm, prior=(won + weight * rate, lost + weight * (1 - rate)))


def _delays(found: Collection[Cohort]) -> Delays:
    converted = [cohort for cohort in found if cohort.delay is not None]
    return Delays.learned(_each(converted, "delay"), _each(converted, "age"))


def _each(found: Collection[Cohort], figure: str) -> np.ndarray:
    """A figure of the cohorts once for each customer: (customers,)."""
    counts = np.array([cohort.count for cohort in found], dtype=int)
    return np.repeat(np.array([getattr(c, figure) for c in found], dtype=float), counts)


def _query(*, of_products: bool, by_audience: bool) -> str:
    """SQL: variant, audience, age and delay in whole hours, customers."""
    product = "AND e.product_id = ANY(%(products)s)" if of_products else ""
    member, members = "NULL::uuid", ""
    if by_audience:
        member = "m.audience_id"
        members = """
            JOIN launchopt_audiences_audiencemember m
              ON m.customer_id = a.customer_id AND m.audience_id = ANY(%(audiences)s)
        """
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
        SELECT v.name, {member} AS audience,
               floor(extract(epoch FROM %(end)s - a.assigned_at) / 3600)::int AS age,
               floor(extract(epoch FROM f.at - a.assigned_at) / 3600)::int AS delay,
               count(*)
        FROM assigned a JOIN launchopt_experiments_variant v ON v.id = a.variant_id {members}
        LEFT JOIN first f ON f.customer_id = a.customer_id
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    """  # noqa: S608 - pieces of our own, never a caller's words
