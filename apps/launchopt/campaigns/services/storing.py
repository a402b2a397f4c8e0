"""The one statement that keeps decisions: the log, who was assigned, the money that they take."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from launchopt.campaigns.models import Decision
from launchopt.operations.statements import fetch

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


# The campaigns come last, in the order of their ids, so that each is held for as short as can be.
KEEP = f"""
    WITH decided AS (
        INSERT INTO launchopt_campaigns_decision ({NAMES})
        SELECT {NAMES} FROM jsonb_to_recordset(%(decisions)s::jsonb) AS d ({SHAPE})
        RETURNING 1
    ), assigned AS (
        INSERT INTO launchopt_experiments_assignment
            (experiment_id, customer_id, variant_id, phase, assigned_at)
        SELECT * FROM unnest(
            %(experiments)s::uuid[], %(customers)s::bigint[], %(variants)s::bigint[],
            %(phases)s::smallint[], %(instants)s::timestamptz[]
        )
        ON CONFLICT DO NOTHING
        RETURNING 1
    ), held AS MATERIALIZED (
        SELECT k.id, t.cost FROM launchopt_campaigns_campaign k
        JOIN unnest(%(campaigns)s::uuid[], %(costs)s::numeric[]) AS t (id, cost) ON t.id = k.id
        ORDER BY k.id FOR NO KEY UPDATE OF k
    ), taken AS (
        UPDATE launchopt_campaigns_campaign k SET reserved = k.reserved + held.cost
        FROM held
        WHERE k.id = held.id AND k.allowance >= k.reserved + k.spent + held.cost
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM decided), (SELECT count(*) FROM assigned),
           (SELECT count(*) FROM taken)
"""  # noqa: S608


def keep_decisions(
    decisions: Sequence[Decision], *, drawn: Sequence[Drawn], taken: Mapping[uuid.UUID, Decimal]
) -> bool:
    """Write decisions that are new, and take their money; False where a campaign has it no longer.

    Where that is so, the transaction has to be rolled back. An assignment that stands is kept.
    """
    experiments, customers, variants, phases, instants = (
        zip(*drawn, strict=True) if drawn else [()] * 5
    )
    given = {
        "decisions": json.dumps([_row(decision) for decision in decisions], default=str),
        "experiments": list(experiments),
        "customers": list(customers),
        "variants": list(variants),
        "phases": list(phases),
        "instants": list(instants),
        "campaigns": list(taken),
        "costs": list(taken.values()),
    }
    [(_, _, moved)] = fetch(KEEP, given)
    return bool(moved == len(taken))


def _row(decision: Decision) -> dict[str, object]:
    return {name: getattr(decision, name) for name in COLUMNS}
