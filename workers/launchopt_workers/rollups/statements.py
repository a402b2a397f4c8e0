"""The SQL of rollups: which minutes something new touches, and what happened in a minute.

A decision counts in the minute it was made, an exposure, its cost and a click in the minute they
happened, a purchase or a return in its own minute for the decision it is attributed to:

1. the decision that the event itself names;
2. else the last click on this launch within the click window;
3. else the last confirmed exposure within the view window;
4. else, for a customer held out, the last decision to leave them alone within the view window.

A return without a decision of its own follows the customer's last purchase before it.
"""

from __future__ import annotations

DECISION = "launchopt_campaigns_decision"
LAUNCH = "launchopt_campaigns_launch"
CAMPAIGN = "launchopt_campaigns_campaign"
SPEND_ENTRY = "launchopt_campaigns_spendentry"
EVENT = "launchopt_audiences_event"
CUSTOMER = "launchopt_audiences_customer"
ROLLUP = "launchopt_experiments_metricrollup"

DIMENSIONS = "launch_id, campaign_id, creative_id, audience_id, variant, phase, channel"
MEASURES = "decisions, exposures, clicks, conversions, returns, revenue, spend"
SUMS = ", ".join(f"sum({name})" for name in MEASURES.split(", "))
OUTCOMES = "('purchase', 'return')"
COUNTED = "('exposure', 'click', 'purchase', 'return')"

SNAPSHOT = """
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
           coalesce(pg_current_xact_id_if_assigned()::text::bigint, -1)
"""

# Rows that transactions wrote from the watermark on, all of which have ended; those of our own
# transaction are complete as far as they go, and are looked at again next time.
NEW = "{0}.recorded_in >= %(since)s AND ({0}.recorded_in < %(upto)s OR {0}.recorded_in = %(own)s)"
BEFORE_UNTIL = "(%(until)s::timestamptz IS NULL OR {0} < %(until)s)"


def minute(instant: str) -> str:
    """SQL of the minute that holds an instant."""
    return f"date_trunc('minute', {instant}, 'UTC')"


def _within(instant: str) -> str:
    """SQL: an instant lies in a touched minute `t`.

    Said twice: the range finds a few minutes by an index, the equality many by a hash.
    """
    return (
        f"{instant} >= t.starts_at AND {instant} < t.starts_at + interval '1 minute' "
        f"AND t.starts_at = {minute(instant)}"
    )


def _in_time(event: str, launch: str) -> str:
    """SQL: the event did not come too late. A simulated launch's events are never late."""
    return (
        f"({launch}.is_simulated OR {event}.received_at - {event}.occurred_at <= "
        "%(late)s::interval)"
    )


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
         WHERE {NEW.format("d")} AND decided_at >= %(until)s)
    )
"""  # noqa: S608

NEW_EXPOSURES = f"""
    SELECT e.decision_id, min(e.occurred_at)
    FROM {EVENT} e JOIN {DECISION} d ON d.id = e.decision_id
    WHERE {NEW.format("e")} AND e.kind = 'exposure' AND d.state IN ('reserved', 'lapsed')
      AND {BEFORE_UNTIL.format("e.occurred_at")}
    GROUP BY e.decision_id
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

TOUCH_EVERYTHING = f"""
    INSERT INTO launchopt_touched
    SELECT l.id, {minute("e.occurred_at")}
    FROM {EVENT} e JOIN {LAUNCH} l ON l.product_id = e.product_id
    WHERE e.kind IN {COUNTED} AND l.started_at IS NOT NULL
      AND {BEFORE_UNTIL.format("e.occurred_at")}
    UNION
    SELECT d.launch_id, {minute("d.decided_at")} FROM {DECISION} d
    WHERE d.launch_id IS NOT NULL AND {BEFORE_UNTIL.format("d.decided_at")}
    UNION
    SELECT k.launch_id, {minute("s.starts_at")}
    FROM {SPEND_ENTRY} s JOIN {CAMPAIGN} k ON k.id = s.campaign_id
    WHERE {BEFORE_UNTIL.format("s.starts_at")}
    UNION
    SELECT launch_id, starts_at FROM {ROLLUP}
    WHERE granularity = 'minute' AND {BEFORE_UNTIL.format("starts_at")}
    ON CONFLICT DO NOTHING
"""  # noqa: S608


def _last_touch(event: str, kind: str, window: str, condition: str = "TRUE") -> str:
    """SQL: the decision that the customer's last click or exposure before an event answers."""
    return f"""
        SELECT t.decision_id FROM {EVENT} t JOIN {DECISION} td ON td.id = t.decision_id
        WHERE t.customer_id = {event}.customer_id AND t.product_id = {event}.product_id
          AND t.kind = '{kind}' AND td.launch_id = l.id AND {condition}
          AND t.occurred_at <= {event}.occurred_at
          AND t.occurred_at > {event}.occurred_at - %({window})s::interval
          AND {_in_time("t", "l")}
        ORDER BY t.occurred_at DESC, t.message_id LIMIT 1
    """  # noqa: S608


def _attributed(event: str) -> str:
    """SQL: the decision of launch `l` to which an outcome is attributed; NULL for none."""
    named = f"SELECT id FROM {DECISION} WHERE id = {event}.decision_id AND launch_id = l.id"  # noqa: S608
    held_out = f"""
        SELECT h.id FROM {DECISION} h JOIN {CUSTOMER} hc ON hc.id = h.customer_id
        WHERE (hc.id = {event}.customer_id OR hc.merged_into_id = {event}.customer_id)
          AND h.launch_id = l.id AND h.variant = 'holdout'
          AND h.decided_at <= {event}.occurred_at
          AND h.decided_at > {event}.occurred_at - %(view)s::interval
        ORDER BY h.decided_at DESC, h.id LIMIT 1
    """  # noqa: S608
    touches = (
        _last_touch(event, "click", "click"),
        _last_touch(event, "exposure", "view", "td.state = 'confirmed'"),
    )
    return f"coalesce(({named}), {', '.join(f'({touch})' for touch in touches)}, ({held_out}))"


def _attributed_return() -> str:
    """SQL: the decision of a return: its own, else that of the purchase it undoes."""
    return f"""
        coalesce(
            (SELECT id FROM {DECISION} WHERE id = e.decision_id AND launch_id = l.id),
            (SELECT {_attributed("p")} FROM (
                SELECT * FROM {EVENT} q
                WHERE q.customer_id = e.customer_id AND q.product_id = e.product_id
                  AND q.kind = 'purchase' AND q.occurred_at <= e.occurred_at
                  AND {_in_time("q", "l")}
                ORDER BY q.occurred_at DESC, q.message_id LIMIT 1
            ) p)
        )
    """  # noqa: S608


# Each row is one thing that happened: which decision it counts for, when, and what it adds.
# Found on its own, before the decisions are joined: of a launch that has just begun the statistics
# know nothing yet, and a planner that mixes the two walks every event for every decision.
HAPPENED = f"""
    happened AS MATERIALIZED (
        SELECT t.launch_id, t.starts_at, e.kind, e.price * e.quantity AS amount,
               CASE e.kind
                   WHEN 'purchase' THEN {_attributed("e")}
                   WHEN 'return' THEN {_attributed_return()}
                   ELSE e.decision_id
               END AS decision_id
        FROM launchopt_touched t
        JOIN {LAUNCH} l ON l.id = t.launch_id
        JOIN {EVENT} e ON e.product_id = l.product_id AND e.kind IN {COUNTED}
         AND {_within("e.occurred_at")}
        WHERE {_in_time("e", "l")} AND {BEFORE_UNTIL.format("e.occurred_at")}
          AND (e.kind <> 'exposure' OR NOT EXISTS (
              SELECT FROM {EVENT} f
              WHERE f.decision_id = e.decision_id AND f.kind = 'exposure'
                AND f.product_id = e.product_id AND {_in_time("f", "l")}
                AND (f.occurred_at, f.message_id) < (e.occurred_at, e.message_id)
          ))
    )
"""  # noqa: S608

FACTS = f"""
    SELECT d.launch_id, d.campaign_id, d.creative_id, k.audience_id, d.variant, d.phase, d.channel,
           h.starts_at, 0 AS decisions,
           (h.kind = 'exposure')::int AS exposures, (h.kind = 'click')::int AS clicks,
           (h.kind = 'purchase')::int AS conversions, (h.kind = 'return')::int AS returns,
           CASE WHEN h.kind = 'purchase' THEN coalesce(h.amount, 0) ELSE 0 END AS revenue,
           CASE WHEN h.kind = 'exposure' THEN d.cost ELSE 0 END AS spend
    FROM happened h
    JOIN {DECISION} d ON d.id = h.decision_id AND d.launch_id = h.launch_id
    LEFT JOIN {CAMPAIGN} k ON k.id = d.campaign_id
    WHERE h.kind <> 'exposure' OR d.state = 'confirmed'
    UNION ALL
    SELECT d.launch_id, d.campaign_id, d.creative_id, k.audience_id, d.variant, d.phase, d.channel,
           t.starts_at, 1, 0, 0, 0, 0, 0, 0
    FROM launchopt_touched t
    JOIN {DECISION} d ON d.launch_id = t.launch_id AND {_within("d.decided_at")}
     AND {BEFORE_UNTIL.format("d.decided_at")}
    LEFT JOIN {CAMPAIGN} k ON k.id = d.campaign_id
    UNION ALL
    SELECT t.launch_id, k.id, NULL, k.audience_id, '', NULL, k.channel,
           t.starts_at, 0, 0, 0, 0, 0, 0, s.amount
    FROM launchopt_touched t
    JOIN {CAMPAIGN} k ON k.launch_id = t.launch_id
    JOIN {SPEND_ENTRY} s ON s.campaign_id = k.id AND {_within("s.starts_at")}
"""  # noqa: S608

CLEAR_MINUTES = f"""
    DELETE FROM {ROLLUP} r USING launchopt_touched t
    WHERE r.launch_id = t.launch_id AND r.granularity = 'minute' AND r.starts_at = t.starts_at
"""  # noqa: S608

FILL_MINUTES = f"""
    WITH {HAPPENED}, facts AS ({FACTS})
    INSERT INTO {ROLLUP} ({DIMENSIONS}, granularity, starts_at, {MEASURES})
    SELECT {DIMENSIONS}, 'minute', starts_at, {SUMS}
    FROM facts GROUP BY {DIMENSIONS}, starts_at
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
    return f"""
        WITH {_coarser(unit)}
        INSERT INTO {ROLLUP} ({DIMENSIONS}, granularity, starts_at, {MEASURES})
        SELECT r.launch_id, r.campaign_id, r.creative_id, r.audience_id, r.variant, r.phase,
               r.channel, '{unit}', c.starts_at, {SUMS}
        FROM coarser c
        JOIN {ROLLUP} r ON r.launch_id = c.launch_id AND r.granularity = '{of}'
         AND r.starts_at >= c.starts_at AND r.starts_at < c.starts_at + interval '1 {unit}'
        GROUP BY r.launch_id, r.campaign_id, r.creative_id, r.audience_id, r.variant, r.phase,
                 r.channel, c.starts_at
    """  # noqa: S608
