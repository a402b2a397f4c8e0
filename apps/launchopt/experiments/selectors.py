"""Questions about experiments: who belongs where, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from launchopt.experiments.models import (
    Assignment,
    Experiment,
    Metric,
    MomentRollup,
    Phase,
    Variant,
)
from launchopt_core.moments import Moments, PairedMoments

UPPER = 0.999  # of the buyers' sums, above which a customer's value is winsorised
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


@dataclass(frozen=True)
class Shares:
    """The variants' shares in each phase, and the phase that each audience's customers enter."""

    by_phase: Mapping[int, Mapping[str, float]]
    in_force: Mapping[UUID | None, int]  # None: of everybody whose audience has none of its own

    def phase_of(self, audience: UUID | None) -> int:
        """The phase in which a new customer of an audience is drawn."""
        return self.in_force.get(audience, self.in_force[None])


def experiment_shares(experiments: Collection[Experiment]) -> dict[UUID, Shares]:
    """The shares of these experiments, in one query."""
    found: dict[UUID, list[Phase]] = {experiment.pk: [] for experiment in experiments}
    for phase in Phase.objects.filter(experiment__in=found).order_by("number"):
        found[phase.experiment_id].append(phase)
    return {
        key: Shares(
            {phase.number: phase.weights for phase in phases},
            {audience: phase.number for audience, phase in in_force(phases).items()},
        )
        for key, phases in found.items()
    }


def in_force(phases: Iterable[Phase]) -> dict[UUID | None, Phase]:
    """The last phase of everybody (None), and those of audiences that were opened after it."""
    found: dict[UUID | None, Phase] = {}
    for phase in phases:
        if phase.audience_id is None:
            found.clear()
        found[phase.audience_id] = phase
    return found


def phase_in_force(experiment: Experiment, *, audience: UUID | None = None) -> Phase:
    """The phase in which new customers are drawn, of an audience or of everybody else."""
    found = in_force(experiment.phases.order_by("number"))
    return found.get(audience, found[None])


def phase_weights(experiment: Experiment) -> dict[int, dict[str, float]]:
    """Phase -> variant name -> share of the customers assigned in it."""
    return {phase.number: dict(phase.weights) for phase in experiment.phases.all()}


def weights_in_force(experiment: Experiment, *, audience: UUID | None = None) -> dict[str, float]:
    """Variant name -> share of new customers, of an audience or of everybody else."""
    return dict(phase_in_force(experiment, audience=audience).weights)


def control_of(experiment: Experiment) -> Variant:
    """The variant that the others are compared with."""
    return experiment.variants.get(is_control=True)


def experiment_of(subject_id: Any) -> Experiment | None:
    """The experiment that measures a launch, if any."""
    return Experiment.objects.filter(subject_id=subject_id).first()


def assignments_of(
    experiment: Experiment, customer_ids: Collection[int]
) -> dict[int, tuple[str, int]]:
    """Customer -> variant name and phase, for those who are assigned."""
    rows = Assignment.objects.filter(experiment=experiment, customer__in=customer_ids)
    return {
        customer: (variant, phase)
        for customer, variant, phase in rows.values_list("customer_id", "variant__name", "phase")
    }


def assignments_of_visitors(
    experiment: Experiment, customer_ids: Collection[int]
) -> dict[int, tuple[str, int]]:
    """Customer -> where the visitor that they were before logging in belonged."""
    rows = Assignment.objects.filter(
        experiment=experiment, customer__merged_into__in=customer_ids
    ).order_by("-assigned_at")
    return {
        customer: (variant, phase)
        for customer, variant, phase in rows.values_list(
            "customer__merged_into_id", "variant__name", "phase"
        )
    }


def sizes(experiment: Experiment, *, until: datetime | None = None) -> dict[str, int]:
    """Variant name -> customers assigned before `until`."""
    counted: dict[str, int] = dict.fromkeys(experiment.variants.values_list("name", flat=True), 0)
    for group in groups(experiment, metric=experiment.primary_metric, until=until):
        counted[group.variant] += group.moments.count
    return counted


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


def groups_rolled_up(experiment: Experiment, *, until: datetime) -> list[Group] | None:
    """What `groups` gives of the primary metric before a full hour, from the rollups of hours.

    Its cost follows the hours, not the customers. None where rollups cannot tell: a winsorised
    value, a first exposure, or an end within the hours.
    """
    metric, end = experiment.primary_metric, experiment.ends_at
    counts_all = experiment.counts_from == Experiment.CountsFrom.ASSIGNMENT
    if metric.of_value or not counts_all or (end is not None and end < until):
        return None
    figures = ("n", "sum", "sum_squares", "covariate_sum", "covariate_sum_squares",
               "covariate_cross_sum", "active")  # fmt: skip
    rows = MomentRollup.objects.filter(experiment=experiment, metric=metric, starts_at__lt=until)
    summed = rows.values_list("variant", "phase").annotate(*(Sum(name) for name in figures))
    return [
        _group(v, phase, "", *found) for v, phase, *found in summed.order_by("variant", "phase")
    ]


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
    each = "coalesce(e.price, 0) * e.quantity" if metric.of_value else "1"
    product = "AND e.product_id = ANY(%(products)s)" if of_products else ""
    part, parts = PARTS[by]
    value = {
        Metric.Kind.PROPORTION: "(o.total IS NOT NULL)::int::numeric",
        Metric.Kind.MEAN: "least(coalesce(o.total, 0), l.highest)"
        if metric.of_value
        else "coalesce(o.total, 0)",
    }[Metric.Kind(metric.kind)]
    since, exposures = COUNTED[Experiment.CountsFrom(counts_from)]
    return f"""
        WITH assigned AS (
            SELECT a.customer_id, a.variant_id, a.phase, {since} AS assigned_at, a.segment_id
            FROM launchopt_experiments_assignment a
            JOIN launchopt_audiences_customer c ON c.id = a.customer_id {exposures}
            WHERE a.experiment_id = %(experiment)s AND c.merged_into_id IS NULL
              AND (%(until)s::timestamptz IS NULL OR {since} < %(until)s)
        ), outcome AS (
            SELECT a.customer_id, sum({each})::numeric AS total
            FROM launchopt_audiences_event e JOIN assigned a ON a.customer_id = e.customer_id
            WHERE e.kind = %(kind)s {product} AND e.occurred_at >= a.assigned_at
              AND (%(since)s::timestamptz IS NULL OR e.occurred_at >= %(since)s)
              AND (%(end)s::timestamptz IS NULL OR e.occurred_at < %(end)s)
            GROUP BY a.customer_id
        ), earlier AS (
            SELECT a.customer_id, sum({each})::numeric AS total
            FROM launchopt_audiences_event e JOIN assigned a ON a.customer_id = e.customer_id
            WHERE e.kind = %(kind)s
              AND e.occurred_at >= %(before)s AND e.occurred_at < %(since)s
            GROUP BY a.customer_id
        ), highest AS (
            SELECT percentile_disc({UPPER}) WITHIN GROUP (ORDER BY total) AS highest FROM outcome
        ), valued AS (
            SELECT a.customer_id, a.variant_id, a.phase, a.segment_id, {value} AS y,
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
