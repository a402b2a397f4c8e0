"""What a launch showed to whom, how likely that was, and what came of it: the log of its policy."""

from __future__ import annotations

from typing import Any

import polars as pl
from django.db import connection

from launchopt.campaigns.models import Launch
from launchopt.experiments.selectors import control_of, phase_weights
from launchopt.operations.errors import Conflict
from launchopt.operations.importing.files import LINE

SCHEMA = {
    "variant": pl.String,
    "creative": pl.String,
    "channel": pl.String,
    "audience": pl.String,
    "persona": pl.String,
    "phase": pl.Int64,
    "propensity": pl.Float64,
    "clicked": pl.Float64,
    "purchases": pl.Float64,
}
ACTIONS = ("variant", "creative")  # what a policy may choose
REWARDS = ("purchases", "clicked")
CONTEXT = ("channel", "audience", "persona")


def decision_log(launch: Launch, *, action: str) -> pl.DataFrame:
    """(customers, SCHEMA): each customer who was shown something, by the first of it.

    A customer's variant is drawn once, so that each counts once. `propensity` is that of `action`
    (variant or creative) among those not held out. Raises Conflict where nobody was shown anything.
    """
    experiment = launch.experiment
    rows = _rows(launch) if experiment else []
    if not rows or experiment is None:
        raise Conflict("This launch has shown nothing yet, so that there is no log to judge by.")
    control, weights = control_of(experiment).name, phase_weights(experiment)
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    shares = pl.DataFrame(
        [
            {"phase": phase, "variant": name, "share": share, "held": of.get(control, 0.0)}
            for phase, of in weights.items()
            for name, share in of.items()
        ],
        schema={"phase": pl.Int64, "variant": pl.String, "share": pl.Float64, "held": pl.Float64},
    )
    frame = frame.join(shares, on=["phase", "variant"], how="inner", maintain_order="left")
    chance = pl.col("share") if action == "variant" else pl.col("propensity")
    return frame.with_columns(propensity=chance / (1 - pl.col("held"))).with_row_index(LINE, 1)


def _rows(launch: Launch) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            SHOWN,
            {"launch": launch.pk, "product": launch.product_id, "until": launch.ends_at},
        )
        return cursor.fetchall()


# Found once each: of a launch that has just begun the statistics know nothing, and a planner that
# mixes them walks every purchase for every customer.
SHOWN = """
    WITH shown AS (
        SELECT DISTINCT ON (coalesce(c.merged_into_id, c.id))
               coalesce(c.merged_into_id, c.id) AS customer_id, d.variant, d.creative_id, d.channel,
               d.campaign_id, d.phase, d.propensity, d.decided_at, l.experiment_id
        FROM launchopt_campaigns_decision d
        JOIN launchopt_audiences_customer c ON c.id = d.customer_id
        JOIN launchopt_campaigns_launch l ON l.id = d.launch_id
        WHERE d.launch_id = %(launch)s AND d.state = 'confirmed' AND d.creative_id IS NOT NULL
        ORDER BY coalesce(c.merged_into_id, c.id), d.decided_at, d.id
    ), clicked AS MATERIALIZED (
        SELECT DISTINCT coalesce(c.merged_into_id, c.id) AS customer_id
        FROM launchopt_campaigns_decision d
        JOIN launchopt_audiences_customer c ON c.id = d.customer_id
        JOIN launchopt_audiences_event e ON e.decision_id = d.id AND e.kind = 'click'
        WHERE d.launch_id = %(launch)s
    ), bought AS MATERIALIZED (
        SELECT e.customer_id, count(*) AS purchases
        FROM launchopt_audiences_event e JOIN shown s ON s.customer_id = e.customer_id
        WHERE e.product_id = %(product)s AND e.kind = 'purchase'
          AND e.occurred_at >= s.decided_at AND e.occurred_at < %(until)s
        GROUP BY e.customer_id
    )
    SELECT s.variant, s.creative_id::text, s.channel, coalesce(a.name, ''), coalesce(g.name, ''),
           s.phase, s.propensity, (k.customer_id IS NOT NULL)::int::float8,
           coalesce(b.purchases, 0)::float8
    FROM shown s
    LEFT JOIN launchopt_campaigns_campaign m ON m.id = s.campaign_id
    LEFT JOIN launchopt_audiences_audience a ON a.id = m.audience_id
    LEFT JOIN launchopt_experiments_assignment t
           ON t.experiment_id = s.experiment_id AND t.customer_id = s.customer_id
    LEFT JOIN launchopt_audiences_segment g ON g.id = t.segment_id
    LEFT JOIN clicked k ON k.customer_id = s.customer_id
    LEFT JOIN bought b ON b.customer_id = s.customer_id
    ORDER BY s.customer_id
"""
