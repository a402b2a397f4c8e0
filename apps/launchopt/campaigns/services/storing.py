"""The one statement that keeps decisions: the log, who was assigned, the money that they take."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from launchopt.campaigns.models import Decision
from launchopt.campaigns.services.leasing import LEASE_SECONDS, this_process
from launchopt.conf import launchopt_settings
from launchopt.operations.statements import fetch
from launchopt_core.assignment import HOLDOUT

COLUMNS = {
    "id": "uuid",
    "customer_id": "bigint",
    "placement_id": "text",
    "channel": "text",
    "launch_id": "uuid",
    "campaign_id": "uuid",
    "creative_id": "uuid",
    "variant": "text",
    "phase": "smallint",
    "reason": "text",
    "propensity": "float8",
    "policy_version": "text",
    "candidates": "jsonb",
    "context": "jsonb",
    "inputs": "jsonb",
    "weight": "integer",
    "cost": "numeric",
    "state": "text",
    "decided_at": "timestamptz",
    "expires_at": "timestamptz",
}
NAMES = ", ".join(COLUMNS)
SHAPE = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())


class Drawn(NamedTuple):
    """A customer who belongs to a variant from now on."""

    experiment: uuid.UUID
    customer: int
    variant: int
    phase: int
    at: datetime


class Kept(NamedTuple):
    """Whether decisions were kept, and the revision at that moment."""

    is_kept: bool
    revision: str


# All or nothing, by itself: a turn counts on only from the number that was read, as others who
# decided about the customer meanwhile have taken it. Money comes from what the campaign has lent to
# this process; where that is too little, from the campaign, which lends some more for the next
# ones while it has eight times as much. Turns, campaigns, leases, each in the order of their ids,
# so that nobody waits in a circle, and campaigns are held for as short as can be.
KEEP = f"""
    WITH turned AS (
        INSERT INTO launchopt_campaigns_turn AS t (customer_id, number)
        SELECT key::bigint, value::bigint + 1 FROM jsonb_each_text(%(turns)s::jsonb)
        ORDER BY 1
        ON CONFLICT (customer_id) DO UPDATE SET number = excluded.number
        WHERE t.number = excluded.number - 1
        RETURNING 1
    ), money AS MATERIALIZED (
        SELECT t.key::uuid AS campaign, t.value::numeric AS cost,
               l.id AS lease, coalesce(l.amount >= t.value::numeric, false) AS is_lent
        FROM jsonb_each_text(%(taken)s::jsonb) AS t
        LEFT JOIN launchopt_campaigns_lease l
               ON l.campaign_id = t.key::uuid AND l.holder = %(holder)s
    ), held AS MATERIALIZED (
        SELECT k.id, m.cost, k.allowance - k.reserved - k.spent - m.cost AS rest,
               k.cost_per_contact * %(lent)s AS lent
        FROM launchopt_campaigns_campaign k JOIN money m ON m.campaign = k.id AND NOT m.is_lent
        ORDER BY k.id FOR NO KEY UPDATE OF k
    ), drawn_on AS MATERIALIZED (
        SELECT l.id, m.cost, l.amount >= m.cost AS has_it
        FROM launchopt_campaigns_lease l JOIN money m ON m.lease = l.id AND m.is_lent
        ORDER BY l.id FOR NO KEY UPDATE OF l
    ), now AS MATERIALIZED (
        SELECT string_agg(token::text, ' ' ORDER BY slot) AS revision
        FROM launchopt_campaigns_revision
    ), verdict AS MATERIALIZED (
        SELECT now.revision,
               now.revision = coalesce(%(revision)s::text, now.revision)
               AND (SELECT count(*) FROM turned) = %(customers)s
               AND (SELECT count(*) FROM held WHERE rest >= 0)
                   + (SELECT count(*) FROM drawn_on WHERE has_it) = %(campaigns)s
               AS is_kept
        FROM now
    ), taken AS (
        UPDATE launchopt_campaigns_campaign k
        SET reserved = k.reserved + held.cost
            + CASE WHEN held.rest >= 8 * held.lent THEN held.lent ELSE 0 END
        FROM held WHERE k.id = held.id AND (SELECT is_kept FROM verdict)
    ), lent AS (
        INSERT INTO launchopt_campaigns_lease AS l (campaign_id, holder, amount, until)
        SELECT id, %(holder)s, lent, now() + make_interval(secs => %(seconds)s) FROM held
        WHERE lent > 0 AND rest >= 8 * lent AND (SELECT is_kept FROM verdict)
        ON CONFLICT (campaign_id, holder)
            DO UPDATE SET amount = l.amount + excluded.amount, until = excluded.until
    ), used AS (
        UPDATE launchopt_campaigns_lease l SET amount = l.amount - drawn_on.cost
        FROM drawn_on WHERE l.id = drawn_on.id AND (SELECT is_kept FROM verdict)
    ), decided AS (
        INSERT INTO launchopt_campaigns_decision ({NAMES})
        SELECT {NAMES} FROM jsonb_to_recordset(%(decisions)s::jsonb) AS d ({SHAPE})
        WHERE (SELECT is_kept FROM verdict)
    ), assigned AS (
        INSERT INTO launchopt_experiments_assignment
            (experiment_id, customer_id, variant_id, phase, assigned_at)
        SELECT * FROM jsonb_to_recordset(%(drawn)s::jsonb) AS drawn
            (experiment uuid, customer bigint, variant bigint, phase smallint, at timestamptz)
        WHERE (SELECT is_kept FROM verdict)
        ON CONFLICT DO NOTHING
    )
    SELECT is_kept, revision FROM verdict
"""  # noqa: S608


def keep_decisions(
    decisions: Sequence[Decision],
    *,
    drawn: Sequence[Drawn],
    taken: Mapping[uuid.UUID, Decimal],
    turns: Mapping[int, int],
    revision: str | None,
    borrows: bool,
) -> Kept:
    """Write decisions and take their money, or nothing of it where others came first.

    That is: where a customer's turn is no longer that of `turns`, a campaign has the money no
    longer, or the revision is another; None compares none. An assignment that stands is kept.
    Who holds the campaigns does not borrow.
    """
    given = {
        "decisions": _json([_row(decision) for decision in decisions]),
        "drawn": _json([each._asdict() for each in drawn]),
        "taken": _json({str(campaign): cost for campaign, cost in taken.items()}),
        "turns": _json(turns),
        "campaigns": len(taken),
        "customers": len(turns),
        "revision": revision,
        "holder": this_process() if borrows else "",
        "lent": max(launchopt_settings().lease_contacts, 0) if borrows else 0,
        "seconds": LEASE_SECONDS,
    }
    [row] = fetch(KEEP, given)
    return Kept(*row)


def weight_of(decision: Decision) -> int:
    """How many decisions it stands for in the log: silent ones may be kept by lot.

    Who is held out is what a launch is compared with, and is always kept.
    """
    is_always_kept = decision.state != Decision.State.SILENT or decision.variant == HOLDOUT
    return 1 if is_always_kept else max(launchopt_settings().silence_one_in, 1)


def is_in_log(decision: Decision) -> bool:
    """Whether it is drawn; its own id, made by chance, is the lot."""
    return decision.pk.int % decision.weight == 0


def _json(value: object) -> str:
    return json.dumps(value, default=str)


def _row(decision: Decision) -> dict[str, object]:
    return {name: getattr(decision, name) for name in COLUMNS}
