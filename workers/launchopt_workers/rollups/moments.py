"""The SQL of experiments' sufficient statistics: what each minute added to them.

A customer counts in the minute of their assignment; an outcome adds, in its own minute, what it
changes of the customer's value y, of y squared, and of y times the covariate x. The sums over all
minutes before an instant are those of the customers' values at that instant, to the last digit.
Values are not winsorised: a limit that later outcomes move would change every minute before them.
"""

from __future__ import annotations

from launchopt_workers.rollups.attribution import (
    ASSIGNMENT,
    BEFORE_UNTIL,
    CUSTOMER,
    EVENT,
    minute,
    rows_of,
    spans_of,
)
from launchopt_workers.rollups.statements import NEW

EXPERIMENT = "launchopt_experiments_experiment"
METRIC = "launchopt_experiments_metric"
VARIANT = "launchopt_experiments_variant"
PRODUCT = "launchopt_catalog_product"
MOMENTS = "launchopt_experiments_momentrollup"

KEY = "experiment_id, metric_id, variant, phase"
FIGURES = "n, active, sum, sum_squares, covariate_sum, covariate_sum_squares, covariate_cross_sum"
SUMS = ", ".join(f"sum({name}) AS {name}" for name in FIGURES.split(", "))

# The primary metric, and guardrails of the same product: the outcomes of a whole shop are too many
# to be looked for at each tick. `product_id` is the one whose outcomes count; NULL where all do.
MEASURED = f"""
    measured AS (
        SELECT x.id, x.starts_at, m.name AS metric_id, m.kind, m.event_kind,
               m.of_value, CASE WHEN m.of_product THEN x.product_id END AS product_id
        FROM {EXPERIMENT} x JOIN {METRIC} m ON m.name = x.primary_metric_id
          OR (jsonb_exists(x.guardrails, m.name) AND m.of_product AND x.product_id IS NOT NULL)
        WHERE x.starts_at IS NOT NULL
    )
"""  # noqa: S608

CREATE_TOUCHED = """
    CREATE TEMP TABLE IF NOT EXISTS launchopt_touched_moments (
        experiment_id uuid, starts_at timestamptz, PRIMARY KEY (experiment_id, starts_at)
    ) ON COMMIT DELETE ROWS;
    TRUNCATE launchopt_touched_moments
"""


def _value(event: str) -> str:
    """SQL: what an outcome adds to the customer's value."""
    return f"CASE WHEN x.of_value THEN coalesce({event}.price, 0) * {event}.quantity ELSE 1 END"


# Every minute of every customer of whom something is new: an assignment, an outcome, or what they
# did before the experiment. Each may change what their other minutes added.
TOUCH = f"""
    WITH {MEASURED}, fresh AS (
        SELECT a.experiment_id, a.customer_id FROM {ASSIGNMENT} a WHERE {NEW.format("a")}
        UNION
        SELECT a.experiment_id, a.customer_id
        FROM {EVENT} e JOIN {ASSIGNMENT} a ON a.customer_id = e.customer_id
        JOIN measured x ON x.id = a.experiment_id AND e.kind = x.event_kind
         AND (x.product_id IS NULL OR e.product_id = x.product_id OR e.occurred_at < x.starts_at)
        WHERE {NEW.format("e")} AND e.occurred_at >= x.starts_at - %(before)s::interval
    )
    INSERT INTO launchopt_touched_moments
    SELECT f.experiment_id, {minute("a.assigned_at")}
    FROM fresh f JOIN {ASSIGNMENT} a USING (experiment_id, customer_id)
    WHERE {BEFORE_UNTIL.format("a.assigned_at")}
    UNION
    SELECT f.experiment_id, {minute("e.occurred_at")}
    FROM fresh f JOIN measured x ON x.id = f.experiment_id
    JOIN {EVENT} e ON e.customer_id = f.customer_id AND e.kind = x.event_kind
     AND (x.product_id IS NULL OR e.product_id = x.product_id)
    WHERE e.occurred_at >= x.starts_at AND {BEFORE_UNTIL.format("e.occurred_at")}
    ON CONFLICT DO NOTHING
"""  # noqa: S608


def _touched(*, touched: bool) -> str:
    """SQL: the join that keeps to an experiment's touched minutes."""
    return "JOIN launchopt_touched_moments t ON t.experiment_id = x.id" if touched else ""


def _earlier(customer: str) -> str:
    """SQL: the covariate, the same measure of any product before the start."""
    return f"""
        (SELECT coalesce(sum({_value("b")}), 0)::numeric AS x FROM {EVENT} b
         WHERE b.customer_id = {customer} AND b.kind = x.event_kind
           AND b.occurred_at >= x.starts_at - %(before)s::interval AND b.occurred_at < x.starts_at)
    """  # noqa: S608


def _arrivals(*, touched: bool) -> str:
    """SQL: a row for each customer assigned, with what is known of them beforehand."""
    assignments = rows_of(
        ASSIGNMENT, "a", where="a.experiment_id = x.id", instant="assigned_at",
        spans=spans_of(touched),
    )  # fmt: skip
    return f"""
        SELECT x.id AS experiment_id, x.metric_id, v.name AS variant, a.phase,
               {minute("a.assigned_at")} AS starts_at, 1 AS n, 0 AS active, 0::numeric AS sum,
               0::numeric AS sum_squares, c.x AS covariate_sum, c.x * c.x AS covariate_sum_squares,
               0::numeric AS covariate_cross_sum
        FROM measured x {_touched(touched=touched)}
        {assignments}
        JOIN {VARIANT} v ON v.id = a.variant_id
        JOIN {CUSTOMER} p ON p.id = a.customer_id AND p.merged_into_id IS NULL
        CROSS JOIN LATERAL {_earlier("a.customer_id")} c
        WHERE {BEFORE_UNTIL.format("a.assigned_at")}
    """  # noqa: S608


def _outcomes(*, touched: bool) -> str:
    """SQL: a row for each outcome, with what it changes of its customer's y, y squared and x y.

    A share counts the first outcome alone.
    """
    events = rows_of(
        EVENT, "e", where="e.product_id = p.id AND e.kind = x.event_kind", instant="occurred_at",
        spans=spans_of(touched),
    )  # fmt: skip
    return f"""
        SELECT o.experiment_id, o.metric_id, v.name, o.phase, {minute("o.occurred_at")},
               0, (o.had IS NULL)::int, o.added, o.added * (2 * coalesce(o.had, 0) + o.added),
               0, 0, o.added * o.x
        FROM (
            SELECT x.id AS experiment_id, x.metric_id, a.variant_id, a.phase, e.occurred_at,
                   y.had, c.x, CASE
                       WHEN x.kind = 'proportion' THEN (y.had IS NULL)::int::numeric
                       ELSE ({_value("e")})::numeric
                   END AS added
            FROM measured x {_touched(touched=touched)}
            JOIN {PRODUCT} p ON x.product_id IS NULL OR p.id = x.product_id
            {events}
            CROSS JOIN LATERAL (
                SELECT a.* FROM {ASSIGNMENT} a
                WHERE a.experiment_id = x.id AND a.customer_id = e.customer_id
                  AND e.occurred_at >= a.assigned_at OFFSET 0
            ) a
            CROSS JOIN LATERAL (
                SELECT sum({_value("b")})::numeric AS had FROM {EVENT} b
                WHERE b.customer_id = e.customer_id AND b.kind = x.event_kind
                  AND (x.product_id IS NULL OR b.product_id = x.product_id)
                  AND b.occurred_at >= greatest(a.assigned_at, x.starts_at)
                  AND b.occurred_at <= e.occurred_at
                  AND (b.occurred_at, b.message_id) < (e.occurred_at, e.message_id)
            ) y
            CROSS JOIN LATERAL {_earlier("e.customer_id")} c
            WHERE e.occurred_at >= x.starts_at AND {BEFORE_UNTIL.format("e.occurred_at")}
        ) o
        JOIN {VARIANT} v ON v.id = o.variant_id
    """  # noqa: S608


CLEAR = f"""
    DELETE FROM {MOMENTS} r USING launchopt_touched_moments t
    WHERE r.experiment_id = t.experiment_id AND r.starts_at = t.starts_at
"""  # noqa: S608

CLEAR_EVERYTHING = f"DELETE FROM {MOMENTS}"  # noqa: S608


def fill(*, touched: bool) -> str:
    """SQL: the touched minutes, or all of them, from the rows themselves."""
    return f"""
        WITH {MEASURED}, facts AS (
            {_arrivals(touched=touched)}
            UNION ALL
            {_outcomes(touched=touched)}
        )
        INSERT INTO {MOMENTS} ({KEY}, starts_at, {FIGURES})
        SELECT {KEY}, starts_at, {SUMS} FROM facts GROUP BY {KEY}, starts_at
    """  # noqa: S608
