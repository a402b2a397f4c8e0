"""The SQL of rollups: which minutes something new touches, and how they are filled anew."""

from __future__ import annotations

from launchopt_workers.rollups.attribution import (
    ASSIGNMENT,
    BEFORE_UNTIL,
    CAMPAIGN,
    COUNTED,
    CUSTOMER,
    DECISION,
    EVENT,
    LAUNCH,
    OUTCOMES,
    SPEND_ENTRY,
    facts,
    happened,
    minute,
    rows_of,
)

ROLLUP = "launchopt_experiments_metricrollup"

DIMENSIONS = "launch_id, campaign_id, creative_id, audience_id, variant, phase, channel"
MEASURES = "decisions, exposures, clicks, conversions, returns, revenue, spend"
SUMS = ", ".join(f"sum({name}) AS {name}" for name in MEASURES.split(", "))

SNAPSHOT = """
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
           coalesce(pg_current_xact_id_if_assigned()::text::bigint, -1)
"""

# Rows that transactions wrote from the watermark on, all of which have ended; those of our own
# transaction are complete as far as they go, and are looked at again next time.
NEW = "{0}.recorded_in >= %(since)s AND ({0}.recorded_in < %(upto)s OR {0}.recorded_in = %(own)s)"


CREATE_TOUCHED = """
    CREATE TEMP TABLE IF NOT EXISTS launchopt_touched (
        launch_id uuid, starts_at timestamptz, PRIMARY KEY (launch_id, starts_at)
    ) ON COMMIT DELETE ROWS;
    TRUNCATE launchopt_touched
"""

MOST_AGE = 2**31 - 1  # as far back as a row's own transaction number reaches

# What is still to come keeps the watermark back, so that it is found again.
WAITING = f"""
    SELECT least(
        (SELECT min(recorded_in) FROM {EVENT} e
         WHERE {NEW.format("e")} AND occurred_at >= %(until)s),
        (SELECT min(recorded_in) FROM {DECISION} d
         WHERE {NEW.format("d")} AND decided_at >= %(until)s),
        (SELECT min(recorded_in) FROM {ASSIGNMENT} a
         WHERE {NEW.format("a")} AND assigned_at >= %(until)s)
    )
"""  # noqa: S608

NEW_EXPOSURES = f"""
    SELECT e.decision_id, min(e.occurred_at)
    FROM {EVENT} e JOIN {DECISION} d ON d.id = e.decision_id
    WHERE {NEW.format("e")} AND e.kind = 'exposure' AND d.state IN ('reserved', 'lapsed')
      AND {BEFORE_UNTIL.format("e.occurred_at")}
    GROUP BY e.decision_id
"""  # noqa: S608

# For a customer held out, the exposure is the moment at which they would have been contacted.
HELD_OUT = f"""
    INSERT INTO launchopt_experiments_exposure
        (decision_id, experiment_id, customer_id, variant_id, exposed_at)
    SELECT d.id, x.id, coalesce(c.merged_into_id, c.id), v.id, d.decided_at
    FROM {DECISION} d JOIN {LAUNCH} l ON l.id = d.launch_id
    JOIN launchopt_experiments_experiment x
      ON x.id = l.experiment_id AND x.counts_from = 'exposure'
    JOIN launchopt_experiments_variant v ON v.experiment_id = x.id AND v.name = d.variant
    JOIN {CUSTOMER} c ON c.id = d.customer_id
    WHERE {NEW.format("d")} AND d.reason = 'holdout' AND {BEFORE_UNTIL.format("d.decided_at")}
    ON CONFLICT DO NOTHING
"""  # noqa: S608

# The minutes of new rows; of outcomes that came after a new touch, whose attribution it may
# change; and of other exposures of the same decision, of which only the first counts.
TOUCH = f"""
    WITH fresh AS (
        SELECT l.id AS launch_id, l.product_id, e.customer_id, e.decision_id, e.kind,
               e.occurred_at AS at
        FROM {EVENT} e JOIN {LAUNCH} l ON l.product_id = e.product_id
        WHERE {NEW.format("e")} AND e.kind IN {COUNTED}
          AND {BEFORE_UNTIL.format("e.occurred_at")} AND l.started_at IS NOT NULL
        UNION ALL
        SELECT l.id, l.product_id, coalesce(c.merged_into_id, c.id), d.id, 'decision', d.decided_at
        FROM {DECISION} d JOIN {LAUNCH} l ON l.id = d.launch_id
        JOIN {CUSTOMER} c ON c.id = d.customer_id
        WHERE {NEW.format("d")} AND {BEFORE_UNTIL.format("d.decided_at")}
    )
    INSERT INTO launchopt_touched
    SELECT launch_id, {minute("at")} FROM fresh
    UNION
    SELECT f.launch_id, {minute("e.occurred_at")}
    FROM fresh f JOIN {EVENT} e ON e.customer_id = f.customer_id AND e.product_id = f.product_id
     AND e.kind IN {OUTCOMES} AND e.occurred_at >= f.at
     AND {BEFORE_UNTIL.format("e.occurred_at")}
    UNION
    SELECT f.launch_id, {minute("e.occurred_at")}
    FROM fresh f JOIN {EVENT} e ON e.decision_id = f.decision_id AND e.kind = 'exposure'
     AND {BEFORE_UNTIL.format("e.occurred_at")}
    WHERE f.kind = 'exposure'
    UNION
    SELECT k.launch_id, {minute("s.starts_at")}
    FROM {SPEND_ENTRY} s JOIN {CAMPAIGN} k ON k.id = s.campaign_id
    WHERE age(s.xmin) <= least(
        pg_snapshot_xmax(pg_current_snapshot())::text::bigint - %(since)s + 1, {MOST_AGE}
    ) AND {BEFORE_UNTIL.format("s.starts_at")}
    ON CONFLICT DO NOTHING
"""  # noqa: S608


CLEAR_MINUTES = f"""
    DELETE FROM {ROLLUP} r USING launchopt_touched t
    WHERE r.launch_id = t.launch_id AND r.granularity = 'minute' AND r.starts_at = t.starts_at
"""  # noqa: S608

FILL_MINUTES = f"""
    WITH {happened(touched=True)}, facts AS ({facts(touched=True)})
    INSERT INTO {ROLLUP} ({DIMENSIONS}, granularity, starts_at, {MEASURES})
    SELECT {DIMENSIONS}, 'minute', starts_at, {SUMS}
    FROM facts GROUP BY {DIMENSIONS}, starts_at
"""  # noqa: S608

ROOM = "SET LOCAL work_mem = '256MB'"  # to sort everything once, not a hundred times on disk

CLEAR_EVERYTHING = f"DELETE FROM {ROLLUP}"  # noqa: S608

# From nothing all three are filled in one pass.
FILL_EVERYTHING = f"""
    WITH {happened(touched=False)}, facts AS ({facts(touched=False)}), minutes AS MATERIALIZED (
        SELECT {DIMENSIONS}, starts_at, {SUMS} FROM facts GROUP BY {DIMENSIONS}, starts_at
    )
    INSERT INTO {ROLLUP} ({DIMENSIONS}, granularity, starts_at, {MEASURES})
    SELECT {DIMENSIONS}, 'minute', starts_at, {MEASURES} FROM minutes
    UNION ALL
    SELECT {DIMENSIONS}, unit, date_trunc(unit, starts_at, 'UTC'), {SUMS}
    FROM minutes CROSS JOIN (VALUES ('hour'), ('day')) AS units (unit)
    GROUP BY {DIMENSIONS}, unit, date_trunc(unit, starts_at, 'UTC')
"""  # noqa: S608

MINUTES = f"""
    SELECT count(*) FROM (
        SELECT DISTINCT launch_id, starts_at FROM {ROLLUP} WHERE granularity = 'minute'
    ) AS minutes
"""  # noqa: S608


def _coarser(unit: str) -> str:
    """SQL: the hours or days (UTC) that hold a touched minute."""
    return f"""
        coarser AS (
            SELECT DISTINCT launch_id, date_trunc('{unit}', starts_at, 'UTC') AS starts_at
            FROM launchopt_touched
        )
    """  # noqa: S608


def clear(unit: str) -> str:
    """SQL: forget the hours or days that hold a touched minute."""
    return f"""
        WITH {_coarser(unit)}
        DELETE FROM {ROLLUP} r USING coarser c
        WHERE r.launch_id = c.launch_id AND r.granularity = '{unit}' AND r.starts_at = c.starts_at
    """  # noqa: S608


def fill(unit: str, *, of: str) -> str:
    """SQL: sum them anew of what they are made of: hours of minutes, days of hours."""
    parts = rows_of(
        ROLLUP,
        "r",
        where=f"r.launch_id = t.launch_id AND r.granularity = '{of}'",
        instant="starts_at",
        spans=unit,
    )
    return f"""
        WITH {_coarser(unit)}
        INSERT INTO {ROLLUP} ({DIMENSIONS}, granularity, starts_at, {MEASURES})
        SELECT r.launch_id, r.campaign_id, r.creative_id, r.audience_id, r.variant, r.phase,
               r.channel, '{unit}', t.starts_at, {SUMS}
        FROM coarser t {parts}
        GROUP BY r.launch_id, r.campaign_id, r.creative_id, r.audience_id, r.variant, r.phase,
                 r.channel, t.starts_at
    """  # noqa: S608
