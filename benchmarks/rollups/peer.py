"""SQL that makes the rows of the rollups from nothing, as an analyst writes it.

One statement for the counts, and one for the sufficient statistics of the experiments.

It knows no watermark and can only count everything. It is written from the rules of attribution in
docs/explanation, not from the product's statements, and fills a table with the same indexes. Its
`+ 0` keeps the planner to the index of customers, without which it takes much longer.
"""

from __future__ import annotations

TABLE = "benchmark_rollup"

MOMENT_TABLE = "benchmark_moments"

CREATE = f"""
    DROP TABLE IF EXISTS {TABLE}, {MOMENT_TABLE};
    CREATE TABLE {TABLE} (LIKE launchopt_experiments_metricrollup INCLUDING ALL);
    CREATE TABLE {MOMENT_TABLE} (LIKE launchopt_experiments_momentrollup INCLUDING ALL)
"""

STATEMENT = f"""
    WITH told AS (
        SELECT e.message_id, e.customer_id, e.product_id, e.kind, e.occurred_at, e.decision_id,
               e.price * e.quantity AS amount, l.id AS launch_id
        FROM launchopt_audiences_event e
        JOIN launchopt_campaigns_launch l ON l.product_id = e.product_id
        WHERE e.kind IN ('exposure', 'click', 'purchase', 'return') AND l.started_at IS NOT NULL
          AND (l.is_simulated OR e.received_at - e.occurred_at <= interval '30 days')
    ), touch AS (
        SELECT t.*, d.state, d.cost, d.campaign_id, d.creative_id, d.variant, d.phase, d.channel
        FROM told t JOIN launchopt_campaigns_decision d
          ON d.id = t.decision_id AND d.launch_id = t.launch_id
        WHERE t.kind IN ('exposure', 'click')
    ), exposure AS (
        SELECT DISTINCT ON (decision_id) * FROM touch WHERE kind = 'exposure'
        ORDER BY decision_id, occurred_at, message_id
    ), purchase AS (
        SELECT p.*, coalesce(
            (SELECT d.id FROM launchopt_campaigns_decision d
             WHERE d.id = p.decision_id AND d.launch_id = p.launch_id),
            (SELECT e.decision_id FROM launchopt_audiences_event e
             JOIN launchopt_campaigns_decision d ON d.id = e.decision_id
             WHERE e.customer_id = p.customer_id AND e.product_id + 0 = p.product_id
               AND e.kind = 'click' AND d.launch_id = p.launch_id
               AND e.occurred_at <= p.occurred_at
               AND e.occurred_at > p.occurred_at - interval '7 days'
               AND e.received_at - e.occurred_at <= interval '30 days'
             ORDER BY e.occurred_at DESC, e.message_id LIMIT 1),
            (SELECT e.decision_id FROM launchopt_audiences_event e
             JOIN launchopt_campaigns_decision d ON d.id = e.decision_id
             WHERE e.customer_id = p.customer_id AND e.product_id + 0 = p.product_id
               AND e.kind = 'exposure' AND d.state = 'confirmed' AND d.launch_id = p.launch_id
               AND e.occurred_at <= p.occurred_at
               AND e.occurred_at > p.occurred_at - interval '1 day'
               AND e.received_at - e.occurred_at <= interval '30 days'
             ORDER BY e.occurred_at DESC, e.message_id LIMIT 1),
            (SELECT d.id FROM launchopt_campaigns_decision d
             WHERE d.customer_id = p.customer_id AND d.launch_id = p.launch_id
               AND d.variant = 'holdout' AND d.decided_at <= p.occurred_at
               AND d.decided_at > p.occurred_at - interval '1 day'
             ORDER BY d.decided_at DESC, d.id LIMIT 1)
        ) AS answers
        FROM told p WHERE p.kind = 'purchase'
    ), undone AS (
        SELECT r.*, coalesce(
            (SELECT d.id FROM launchopt_campaigns_decision d
             WHERE d.id = r.decision_id AND d.launch_id = r.launch_id),
            (SELECT p.answers FROM purchase p
             WHERE p.customer_id = r.customer_id AND p.launch_id = r.launch_id
               AND p.occurred_at <= r.occurred_at
             ORDER BY p.occurred_at DESC, p.message_id LIMIT 1)
        ) AS answers
        FROM told r WHERE r.kind = 'return'
    ), outcome AS (
        SELECT * FROM purchase UNION ALL SELECT * FROM undone
    ), fact AS (
        SELECT launch_id, campaign_id, creative_id, variant, phase, channel, decided_at AS at,
               1 AS decisions, 0 AS exposures, 0 AS clicks, 0 AS conversions, 0 AS returns,
               0::numeric AS revenue, 0::numeric AS spend
        FROM launchopt_campaigns_decision WHERE launch_id IS NOT NULL
        UNION ALL
        SELECT launch_id, campaign_id, creative_id, variant, phase, channel, occurred_at,
               0, 1, 0, 0, 0, 0, cost FROM exposure WHERE state = 'confirmed'
        UNION ALL
        SELECT launch_id, campaign_id, creative_id, variant, phase, channel, occurred_at,
               0, 0, 1, 0, 0, 0, 0 FROM touch WHERE kind = 'click'
        UNION ALL
        SELECT d.launch_id, d.campaign_id, d.creative_id, d.variant, d.phase, d.channel,
               o.occurred_at, 0, 0, 0, (o.kind = 'purchase')::int, (o.kind = 'return')::int,
               CASE WHEN o.kind = 'purchase' THEN coalesce(o.amount, 0) ELSE 0 END, 0
        FROM outcome o JOIN launchopt_campaigns_decision d ON d.id = o.answers
        UNION ALL
        SELECT k.launch_id, k.id, NULL, '', NULL, k.channel, s.starts_at, 0, 0, 0, 0, 0, 0, s.amount
        FROM launchopt_campaigns_spendentry s JOIN launchopt_campaigns_campaign k
          ON k.id = s.campaign_id
    ), minute AS (
        SELECT f.launch_id, f.campaign_id, f.creative_id, k.audience_id, f.variant, f.phase,
               f.channel, date_trunc('minute', f.at, 'UTC') AS starts_at,
               sum(decisions) AS decisions, sum(exposures) AS exposures, sum(clicks) AS clicks,
               sum(conversions) AS conversions, sum(returns) AS returns, sum(revenue) AS revenue,
               sum(spend) AS spend
        FROM fact f LEFT JOIN launchopt_campaigns_campaign k ON k.id = f.campaign_id
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    ), grain AS (
        SELECT 'minute' AS granularity, m.* FROM minute m
        UNION ALL
        SELECT g.unit, m.launch_id, m.campaign_id, m.creative_id, m.audience_id, m.variant, m.phase,
               m.channel, date_trunc(g.unit, m.starts_at, 'UTC'), sum(m.decisions),
               sum(m.exposures), sum(m.clicks), sum(m.conversions), sum(m.returns),
               sum(m.revenue), sum(m.spend)
        FROM minute m CROSS JOIN (VALUES ('hour'), ('day')) AS g (unit)
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    )
    INSERT INTO {TABLE}
        (launch_id, campaign_id, creative_id, audience_id, variant, phase, channel, granularity,
         starts_at, decisions, exposures, clicks, conversions, returns, revenue, spend)
    SELECT launch_id, campaign_id, creative_id, audience_id, variant, phase, channel, granularity,
           starts_at, decisions, exposures, clicks, conversions, returns, revenue, spend
    FROM grain
"""

MOMENTS = f"""
    WITH measured AS (
        SELECT id, starts_at, product_id, primary_metric_id
        FROM launchopt_experiments_experiment WHERE starts_at IS NOT NULL
    ), earlier AS (
        SELECT a.experiment_id, a.customer_id, count(*)::numeric AS x
        FROM launchopt_audiences_event e
        JOIN launchopt_experiments_assignment a ON a.customer_id = e.customer_id
        JOIN measured m ON m.id = a.experiment_id
        WHERE e.kind = 'purchase' AND e.occurred_at < m.starts_at
          AND e.occurred_at >= m.starts_at - interval '90 days'
        GROUP BY a.experiment_id, a.customer_id
    ), member AS (
        SELECT a.*, m.starts_at AS since, m.product_id, m.primary_metric_id AS metric_id,
               v.name AS variant, coalesce(b.x, 0) AS x
        FROM launchopt_experiments_assignment a JOIN measured m ON m.id = a.experiment_id
        JOIN launchopt_experiments_variant v ON v.id = a.variant_id
        JOIN launchopt_audiences_customer c ON c.id = a.customer_id AND c.merged_into_id IS NULL
        LEFT JOIN earlier b
          ON b.experiment_id = a.experiment_id AND b.customer_id = a.customer_id
    ), outcome AS (
        SELECT m.*, e.occurred_at, row_number() OVER (
            PARTITION BY m.id ORDER BY e.occurred_at, e.message_id
        ) AS nth
        FROM member m JOIN launchopt_audiences_event e
          ON e.customer_id = m.customer_id AND e.product_id = m.product_id
        WHERE e.kind = 'purchase' AND e.occurred_at >= m.assigned_at AND e.occurred_at >= m.since
    ), fact AS (
        SELECT experiment_id, metric_id, variant, phase, assigned_at AS at, 1 AS n, 0 AS active,
               0::numeric AS y, 0::numeric AS yy, x, x * x AS xx, 0::numeric AS xy
        FROM member
        UNION ALL
        SELECT experiment_id, metric_id, variant, phase, occurred_at, 0, (nth = 1)::int, 1,
               2 * nth - 1, 0, 0, x
        FROM outcome
    )
    INSERT INTO {MOMENT_TABLE}
        (experiment_id, metric_id, variant, phase, starts_at, n, active, sum, sum_squares,
         covariate_sum, covariate_sum_squares, covariate_cross_sum)
    SELECT experiment_id, metric_id, variant, phase, date_trunc('minute', at, 'UTC'), sum(n),
           sum(active), sum(y), sum(yy), sum(x), sum(xx), sum(xy)
    FROM fact GROUP BY 1, 2, 3, 4, 5
"""

COLUMNS = (
    "launch_id, campaign_id, creative_id, audience_id, variant, phase, channel, granularity, "
    "starts_at, decisions, exposures, clicks, conversions, returns, revenue, spend"
)
MOMENT_COLUMNS = (
    "experiment_id, metric_id, variant, phase, starts_at, n, active, sum, sum_squares, "
    "covariate_sum, covariate_sum_squares, covariate_cross_sum"
)
KEPT = {
    TABLE: ("launchopt_experiments_metricrollup", COLUMNS),
    MOMENT_TABLE: ("launchopt_experiments_momentrollup", MOMENT_COLUMNS),
}


def different(table: str) -> str:
    """SQL: how many rows of one table the other lacks, both ways."""
    own, columns = KEPT[table]
    return f"""
        SELECT count(*) FROM (
            (SELECT {columns} FROM {table} EXCEPT ALL SELECT {columns} FROM {own})
            UNION ALL
            (SELECT {columns} FROM {own} EXCEPT ALL SELECT {columns} FROM {table})
        ) AS different
    """


def remember(table: str) -> str:
    """SQL: keep what the product's table holds now in the other."""
    own, columns = KEPT[table]
    return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {own}"
