"""The SQL of what happened, and of the decision that each of it counts for.

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
ASSIGNMENT = "launchopt_experiments_assignment"

OUTCOMES = "('purchase', 'return')"
COUNTED = "('exposure', 'click', 'purchase', 'return')"

BEFORE_UNTIL = "(%(until)s::timestamptz IS NULL OR {0} < %(until)s)"


def minute(instant: str) -> str:
    """SQL of the minute that holds an instant."""
    return f"date_trunc('minute', {instant}, 'UTC')"


def rows_of(table: str, name: str, *, where: str, instant: str, spans: str | None) -> str:
    """SQL: a table's rows as `name`, all of them, or those in the touched minutes or hours `t`.

    OFFSET 0 makes the planner look each span up by an index. It knows nothing of how few rows a
    span holds and would else read the whole table, at every tick.
    """
    if spans is None:
        return f"JOIN {table} {name} ON {where}"
    return f"""
        CROSS JOIN LATERAL (
            SELECT {name}.* FROM {table} {name}
            WHERE {where} AND {name}.{instant} >= t.starts_at
              AND {name}.{instant} < t.starts_at + interval '1 {spans}' OFFSET 0
        ) {name}
    """  # noqa: S608


def in_time(event: str, launch: str) -> str:
    """SQL: the event did not come too late. A simulated launch's events are never late."""
    return (
        f"({launch}.is_simulated OR {event}.received_at - {event}.occurred_at <= "
        "%(late)s::interval)"
    )


def _last_touch(event: str, kind: str, window: str, condition: str = "TRUE") -> str:
    """SQL: the decision that the customer's last click or exposure before an event answers.

    The sum keeps to the index of customers: one did little, while a product was clicked a lot.
    """
    return f"""
        SELECT t.decision_id FROM {EVENT} t JOIN {DECISION} td ON td.id = t.decision_id
        WHERE t.customer_id = {event}.customer_id AND t.product_id + 0 = {event}.product_id
          AND t.kind = '{kind}' AND td.launch_id = l.id AND {condition}
          AND t.occurred_at <= {event}.occurred_at
          AND t.occurred_at > {event}.occurred_at - %({window})s::interval
          AND {in_time("t", "l")}
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
                  AND {in_time("q", "l")}
                ORDER BY q.occurred_at DESC, q.message_id LIMIT 1
            ) p)
        )
    """  # noqa: S608


def happened(*, touched: bool) -> str:
    """SQL: what happened in the touched minutes, or ever; one row each.

    Which decision it counts for, when, and what it is. Found on its own, before the decisions are
    joined: of a launch that has just begun the statistics know nothing yet, and a planner that
    mixes the two walks every event for every decision.
    """
    events = rows_of(
        EVENT,
        "e",
        where=f"e.product_id = l.product_id AND e.kind IN {COUNTED}",
        instant="occurred_at",
        spans=spans_of(touched),
    )
    return f"""
        happened AS MATERIALIZED (
            SELECT l.id AS launch_id, {minute("e.occurred_at")} AS starts_at, e.kind,
                   e.price * e.quantity AS amount,
                   CASE e.kind
                       WHEN 'purchase' THEN {_attributed("e")}
                       WHEN 'return' THEN {_attributed_return()}
                       ELSE e.decision_id
                   END AS decision_id
            FROM {LAUNCH} l {_touched("l.id", touched=touched)}
            {events}
            WHERE l.started_at IS NOT NULL AND {in_time("e", "l")}
              AND {BEFORE_UNTIL.format("e.occurred_at")}
              AND (e.kind <> 'exposure' OR NOT EXISTS (
                  SELECT FROM {EVENT} f
                  WHERE f.decision_id = e.decision_id AND f.kind = 'exposure'
                    AND f.product_id = e.product_id AND {in_time("f", "l")}
                    AND (f.occurred_at, f.message_id) < (e.occurred_at, e.message_id)
              ))
        )
    """  # noqa: S608


def facts(*, touched: bool) -> str:
    """SQL: each row that counts by everything that a report is split by, and what it adds."""
    decisions = rows_of(
        DECISION, "d", where="d.launch_id = l.id", instant="decided_at", spans=spans_of(touched)
    )
    spend = rows_of(
        SPEND_ENTRY, "s", where="s.campaign_id = k.id", instant="starts_at", spans=spans_of(touched)
    )
    return f"""
        SELECT d.launch_id, d.campaign_id, d.creative_id, k.audience_id, d.variant, d.phase,
               d.channel, h.starts_at, 0 AS decisions,
               (h.kind = 'exposure')::int AS exposures, (h.kind = 'click')::int AS clicks,
               (h.kind = 'purchase')::int AS conversions, (h.kind = 'return')::int AS returns,
               CASE WHEN h.kind = 'purchase' THEN coalesce(h.amount, 0) ELSE 0 END AS revenue,
               CASE WHEN h.kind = 'exposure' THEN d.cost ELSE 0 END AS spend
        FROM happened h
        JOIN {DECISION} d ON d.id = h.decision_id AND d.launch_id = h.launch_id
        LEFT JOIN {CAMPAIGN} k ON k.id = d.campaign_id
        WHERE h.kind <> 'exposure' OR d.state = 'confirmed'
        UNION ALL
        SELECT d.launch_id, d.campaign_id, d.creative_id, k.audience_id, d.variant, d.phase,
               d.channel, {minute("d.decided_at")}, d.weight, 0, 0, 0, 0, 0, 0
        FROM {LAUNCH} l {_touched("l.id", touched=touched)}
        {decisions}
        LEFT JOIN {CAMPAIGN} k ON k.id = d.campaign_id
        WHERE {BEFORE_UNTIL.format("d.decided_at")}
        UNION ALL
        SELECT k.launch_id, k.id, NULL, k.audience_id, '', NULL, k.channel,
               {minute("s.starts_at")}, 0, 0, 0, 0, 0, 0, s.amount
        FROM {CAMPAIGN} k {_touched("k.launch_id", touched=touched)}
        {spend}
        WHERE {BEFORE_UNTIL.format("s.starts_at")}
    """  # noqa: S608


def spans_of(touched: bool) -> str | None:
    """How long a touched span is, for `rows_of`; None where all rows are counted."""
    return "minute" if touched else None


def _touched(launch: str, *, touched: bool) -> str:
    """SQL: the join that keeps to a launch's touched minutes."""
    return f"JOIN launchopt_touched t ON t.launch_id = {launch}" if touched else ""
