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


def _within(instant: str) -> str:
    """SQL: an instant lies in a touched minute `t`.

    Said twice: the range finds a few minutes by an index, the equality many by a hash.
    """
    return (
        f"{instant} >= t.starts_at AND {instant} < t.starts_at + interval '1 minute' "
        f"AND t.starts_at = {minute(instant)}"
    )


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
    starts_at, source = _minutes("e.occurred_at", touched=touched)
    return f"""
        happened AS MATERIALIZED (
            SELECT l.id AS launch_id, {starts_at} AS starts_at, e.kind,
                   e.price * e.quantity AS amount,
                   CASE e.kind
                       WHEN 'purchase' THEN {_attributed("e")}
                       WHEN 'return' THEN {_attributed_return()}
                       ELSE e.decision_id
                   END AS decision_id
            FROM {LAUNCH} l
            JOIN {EVENT} e ON e.product_id = l.product_id AND e.kind IN {COUNTED}
            {source.format(launch="l.id")}
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
    decided, of_decisions = _minutes("d.decided_at", touched=touched)
    spent, of_spend = _minutes("s.starts_at", touched=touched)
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
               d.channel, {decided}, 1, 0, 0, 0, 0, 0, 0
        FROM {DECISION} d
        {of_decisions.format(launch="d.launch_id")}
        LEFT JOIN {CAMPAIGN} k ON k.id = d.campaign_id
        WHERE d.launch_id IS NOT NULL AND {BEFORE_UNTIL.format("d.decided_at")}
        UNION ALL
        SELECT k.launch_id, k.id, NULL, k.audience_id, '', NULL, k.channel,
               {spent}, 0, 0, 0, 0, 0, 0, s.amount
        FROM {SPEND_ENTRY} s JOIN {CAMPAIGN} k ON k.id = s.campaign_id
        {of_spend.format(launch="k.launch_id")}
        WHERE {BEFORE_UNTIL.format("s.starts_at")}
    """  # noqa: S608


def _minutes(instant: str, *, touched: bool) -> tuple[str, str]:
    """SQL: the minute of an instant, and the join that keeps to the touched ones."""
    if not touched:
        return minute(instant), ""
    join = f"JOIN launchopt_touched t ON t.launch_id = {{launch}} AND {_within(instant)}"
    return "t.starts_at", join
