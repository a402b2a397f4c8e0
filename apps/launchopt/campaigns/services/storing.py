"""The one statement that writes decisions, however many there are."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.db import connection

from launchopt.campaigns.models import Decision

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
AS_JSON = ("candidates", "context")
NAMES = ", ".join(COLUMNS)
ARRAYS = ", ".join(f"%s::{kind}[]" for kind in COLUMNS.values())
INSERT = f"INSERT INTO {Decision._meta.db_table} ({NAMES}) SELECT * FROM unnest({ARRAYS})"  # noqa: S608


def insert_decisions(decisions: Sequence[Decision]) -> None:
    """Write decisions that are new; what the database fills in itself is left to it."""
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [_column(decisions, name) for name in COLUMNS])


def _column(decisions: Sequence[Decision], name: str) -> list[object]:
    values = [getattr(decision, name) for decision in decisions]
    return [json.dumps(value) for value in values] if name in AS_JSON else values
