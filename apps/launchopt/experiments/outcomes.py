"""What came of an experiment: every customer's outcome, summed by variant, phase and part."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet, Sum
from django.db.models.functions import Trunc

from launchopt.experiments.models import Experiment, Metric, MomentRollup
from launchopt_core.moments import Moments, PairedMoments

UPPER = 0.999  # of the buyers' sums, above which a customer's value is winsorised
SUMMED = (
    "n", "sum", "sum_squares", "covariate_sum", "covariate_sum_squares", "covariate_cross_sum",
    "active",
)  # fmt: skip
BEFORE = timedelta(days=90)  # of behaviour before the start, the covariate of every outcome


@dataclass(frozen=True)
class Group:
    """Customers of one variant assigned in one phase: their outcomes, beside what they did before.

    The covariate is the same measure of any product in the 90 days before the experiment started;
    nothing that it did can have changed it.
    """

    variant: str
    phase: int
    paired: PairedMoments
    buyers: int
    part: str = ""  # their persona or audience, where asked for by it and one is known

    @property
    def moments(self) -> Moments:
        """Of the outcomes alone."""
        return self.paired.value


def groups(
    experiment: Experiment,
    *,
    metric: Metric,
    until: datetime | None = None,
    product_ids: Collection[int] | None = None,
    by_persona: bool = False,
    audiences: Collection[UUID] = (),
) -> list[Group]:
    """Every assigned customer's outcome, summed by variant and phase, in one query.

    Outcomes count from a customer's assignment on: nothing before it can be an effect. Where the
    experiment counts from exposures, only who saw it counts, from the first time on. A visitor
    who turned out to be a customer is counted as that customer alone. They are outcomes with the
    experiment's product, or with `product_ids`, such as its siblings. `by_persona` splits them by
    persona, `audiences` by which of these they belong to.
    """
    bounds = outcome_bounds(experiment, metric, until) | {"audiences": list(audiences)}
    if product_ids is not None:
        bounds["products"] = list(product_ids)
    with connection.cursor() as cursor:
        of_products = bounds["products"] is not None
        statement = _outcomes(
            metric,
            of_products=of_products,
            by="persona" if by_persona else "audience" if audiences else "",
            counts_from=experiment.counts_from,
        )
        cursor.execute(statement, bounds)
        rows = cursor.fetchall()
    return [_group(*row) for row in rows]


def groups_by_hour(
    experiment: Experiment, *, zone: str, until: datetime | None = None
) -> dict[int, list[Group]]:
    """Hour of the day, on the clock of `zone` -> `groups` with outcomes of that hour alone.

    Everybody counts in each hour, so that the hours' means add up to the mean of the day.
    """
    metric = experiment.primary_metric
    bounds = outcome_bounds(experiment, metric, until) | {"zone": zone}
    statement = _outcomes_by_hour(
        metric, of_products=bounds["products"] is not None, counts_from=experiment.counts_from
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, bounds)
        rows = cursor.fetchall()
    nothing = {
        (v, phase): _group(v, phase, *rest) for hour, v, phase, *rest in rows if hour is None
    }
    found: dict[int, dict[tuple[str, int], Group]] = {hour: dict(nothing) for hour in range(24)}
    for hour, variant, phase, *rest in rows:
        if hour is not None:
            found[hour][variant, phase] = _group(variant, phase, *rest)
    return {hour: list(groups.values()) for hour, groups in found.items()}


def groups_rolled_up(experiment: Experiment, *, until: datetime) -> list[Group] | None:
    """What `groups` gives of the primary metric before a full minute, from the rollups.

    Its cost follows the minutes, not the customers. None where rollups cannot tell: a winsorised
    value, a first exposure, or an end before.
    """
    metric, end = experiment.primary_metric, experiment.ends_at
    counts_all = experiment.counts_from == Experiment.CountsFrom.ASSIGNMENT
    if metric.of_value or not counts_all or (end is not None and end < until):
        return None
    rows = MomentRollup.objects.filter(experiment=experiment, metric=metric, starts_at__lt=until)
    summed = rows.values_list("variant", "phase").annotate(*(Sum(name) for name in SUMMED))
    return [
        _group(v, phase, "", *found) for v, phase, *found in summed.order_by("variant", "phase")
    ]


def moments_by(experiment: Experiment, *, grain: str) -> QuerySet[MomentRollup, dict[str, Any]]:
    """What each minute, hour or day (UTC) added to each metric's statistics."""
    rows = MomentRollup.objects.filter(experiment=experiment)
    rows = rows.annotate(begins=Trunc("starts_at", grain, tzinfo=UTC))
    summed = rows.values("begins", "metric_id", "variant", "phase")
    return summed.annotate(**{f"{name}_added": Sum(name) for name in SUMMED}).order_by(
        "begins", "metric_id", "variant", "phase"
    )


def _group(
    variant: str,
    phase: int,
    part: str,
    n: int,
    total: Decimal,
    squares: Decimal,
    before: Decimal,
    before_squares: Decimal,
    cross: Decimal,
    buyers: int,
) -> Group:
    paired = PairedMoments(Moments(n, total, squares), Moments(n, before, before_squares), cross)
    return Group(variant, phase, paired, buyers, part)


HOUR_OF_DAY = "extract(hour FROM e.occurred_at AT TIME ZONE %(zone)s)::int AS hour"

# Whom an experiment counts, and from when.
COUNTED = {
    Experiment.CountsFrom.ASSIGNMENT: ("a.assigned_at", ""),
    Experiment.CountsFrom.EXPOSURE: (
        "f.at",
        """
            JOIN (
                SELECT customer_id, min(exposed_at) AS at FROM launchopt_experiments_exposure
                WHERE experiment_id = %(experiment)s GROUP BY customer_id
            ) f ON f.customer_id = a.customer_id
        """,
    ),
}


# How customers can be split: the label of a part, and where it is found.
PARTS = {
    "": ("''", ""),
    "persona": (
        "coalesce(s.name, '')",
        "LEFT JOIN launchopt_audiences_segment s ON s.id = y.segment_id",
    ),
    "audience": (
        "coalesce(m.audience_id::text, '')",
        """
            LEFT JOIN launchopt_audiences_audiencemember m
                   ON m.customer_id = y.customer_id AND m.audience_id = ANY(%(audiences)s)
        """,
    ),
}


def _outcomes(metric: Metric, *, of_products: bool, by: str, counts_from: str) -> str:
    """SQL: variant, phase, part, customers, sum, sum of squares, the covariate's two and the sum
    of products, customers with any outcome.

    Sums of a value are winsorised at a quantile of those who have any.
    """
    part, parts = PARTS[by]
    return f"""
        WITH {_assigned(counts_from)},
        outcome AS ({_totals(metric, of_products=of_products)}),
        earlier AS ({_earlier(metric)}),
        highest AS (
            SELECT percentile_disc({UPPER}) WITHIN GROUP (ORDER BY total) AS highest FROM outcome
        ), valued AS (
            SELECT a.customer_id, a.variant_id, a.phase, a.segment_id, {_value(metric)} AS y,
                   coalesce(b.total, 0) AS x, o.total IS NOT NULL AS has_any
            FROM assigned a LEFT JOIN outcome o USING (customer_id)
            LEFT JOIN earlier b USING (customer_id) CROSS JOIN highest l
        )
        SELECT v.name, y.phase, {part} AS part, count(*), sum(y.y), sum(y.y * y.y),
               sum(y.x), sum(y.x * y.x), sum(y.y * y.x),
               count(*) FILTER (WHERE y.has_any)
        FROM valued y JOIN launchopt_experiments_variant v ON v.id = y.variant_id
        {parts}
        GROUP BY v.name, y.phase, part ORDER BY v.name, y.phase, part
    """  # noqa: S608 - pieces of our own, never a caller's words


def _outcomes_by_hour(metric: Metric, *, of_products: bool, counts_from: str) -> str:
    """SQL: the same for each hour of the day in which a variant and phase have an outcome, and once
    without an hour for all; sums of a value are as they are."""
    y = "1" if metric.kind == Metric.Kind.PROPORTION else "o.total"
    return f"""
        WITH {_assigned(counts_from)},
        outcome AS (
            {_totals(metric, of_products=of_products, by=", " + HOUR_OF_DAY)}
        ),
        earlier AS ({_earlier(metric)}),
        known AS (
            SELECT a.variant_id, a.phase, a.customer_id, coalesce(b.total, 0) AS x
            FROM assigned a LEFT JOIN earlier b USING (customer_id)
        ), sizes AS (
            SELECT variant_id, phase, count(*) AS n, sum(x) AS x, sum(x * x) AS xx
            FROM known GROUP BY variant_id, phase
        ), hours AS (
            SELECT k.variant_id, k.phase, o.hour, sum({y}) AS y, sum({y} * {y}) AS yy,
                   sum({y} * k.x) AS xy, count(*) AS buyers
            FROM outcome o JOIN known k USING (customer_id) GROUP BY k.variant_id, k.phase, o.hour
            UNION ALL
            SELECT variant_id, phase, NULL, 0, 0, 0, 0 FROM sizes
        )
        SELECT h.hour, v.name, s.phase, '' AS part, s.n, h.y, h.yy, s.x, s.xx, h.xy, h.buyers
        FROM hours h JOIN sizes s USING (variant_id, phase)
        JOIN launchopt_experiments_variant v ON v.id = s.variant_id
        ORDER BY v.name, s.phase, h.hour
    """  # noqa: S608


def _assigned(counts_from: str) -> str:
    """SQL: who counts, and from when."""
    since, exposures = COUNTED[Experiment.CountsFrom(counts_from)]
    return f"""
        assigned AS (
            SELECT a.customer_id, a.variant_id, a.phase, {since} AS assigned_at, a.segment_id
            FROM launchopt_experiments_assignment a
            JOIN launchopt_audiences_customer c ON c.id = a.customer_id {exposures}
            WHERE a.experiment_id = %(experiment)s AND c.merged_into_id IS NULL
              AND (%(until)s::timestamptz IS NULL OR {since} < %(until)s)
        )
    """  # noqa: S608


def _totals(metric: Metric, *, of_products: bool, by: str = "") -> str:
    """SQL: the sum of each customer's outcomes, by something more of the events if asked for."""
    product = "AND e.product_id = ANY(%(products)s)" if of_products else ""
    groups = ", 3" if by else ""
    return f"""
        SELECT a.customer_id, sum({_each(metric)})::numeric AS total {by}
        FROM launchopt_audiences_event e JOIN assigned a ON a.customer_id = e.customer_id
        WHERE e.kind = %(kind)s {product} AND e.occurred_at >= a.assigned_at
          AND (%(since)s::timestamptz IS NULL OR e.occurred_at >= %(since)s)
          AND (%(end)s::timestamptz IS NULL OR e.occurred_at < %(end)s)
        GROUP BY a.customer_id {groups}
    """  # noqa: S608


def _earlier(metric: Metric) -> str:
    """SQL: the covariate, the same measure of any product before the start."""
    return f"""
        SELECT a.customer_id, sum({_each(metric)})::numeric AS total
        FROM launchopt_audiences_event e JOIN assigned a ON a.customer_id = e.customer_id
        WHERE e.kind = %(kind)s
          AND e.occurred_at >= %(before)s AND e.occurred_at < %(since)s
        GROUP BY a.customer_id
    """  # noqa: S608


def _each(metric: Metric) -> str:
    return "coalesce(e.price, 0) * e.quantity" if metric.of_value else "1"


def _value(metric: Metric) -> str:
    """SQL: a customer's value."""
    if metric.kind == Metric.Kind.PROPORTION:
        return "(o.total IS NOT NULL)::int::numeric"
    return "least(coalesce(o.total, 0), l.highest)" if metric.of_value else "coalesce(o.total, 0)"


def outcome_bounds(
    experiment: Experiment, metric: Metric, until: datetime | None
) -> dict[str, Any]:
    """What an event has to be, and when, to be an outcome; the parameters of the queries."""
    ends = [instant for instant in (until, experiment.ends_at) if instant is not None]
    has_product = metric.of_product and experiment.product_id is not None
    return {
        "experiment": experiment.pk,
        "products": [experiment.product_id] if has_product else None,
        "kind": metric.event_kind,
        "since": experiment.starts_at,
        "before": experiment.starts_at and experiment.starts_at - BEFORE,
        "end": min(ends, default=None),
        "until": until,
    }
