"""The one statement that writes events. No other module inserts into their table."""

# ruff: noqa: S608 - names of tables and columns, no values
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import polars as pl
from django.db import connection

from launchopt.audiences.models import EventKind
from launchopt.operations.bulk import analyse, copy_frame
from launchopt.operations.importing.files import LINE

INCOMING = "launchopt_incoming_event"
COLUMNS = {
    "position": "bigint",
    "source_id": "bigint NOT NULL",
    "customer_id": "bigint NOT NULL",
    "product_id": "bigint",
    "kind": "text NOT NULL",
    "occurred_at": "timestamptz NOT NULL",
    "quantity": "integer",
    "price": "numeric(18, 4)",
    "currency": "text",
    "value": "float8",
    "order_id": "text",
    "session": "text",
    "text": "text",
    "decision_id": "uuid",
    "message_id": "text",
}
# What an event is, for an id made from its content. The customer is the one whom the sender named,
# so that joining a visitor to a customer changes no id.
CONTENT = (
    "source_id", "product_id", "kind", "(extract(epoch FROM occurred_at) * 1000000)::bigint",
    "quantity", "price", "currency", "value", "order_id", "session", "text", "decision_id",
)  # fmt: skip
UUID_FORM = "^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$"
TAKEN = (
    "INSERT INTO launchopt_audiences_messagekey (message_id, occurred_at) "
    "SELECT key, occurred_at FROM firsts ORDER BY key ON CONFLICT DO NOTHING RETURNING message_id"
)
RETURNING = (
    "RETURNING message_id, customer_id, product_id, kind, occurred_at, quantity, price, currency, "
    "decision_id"
)
COUNTED = (
    "SELECT (SELECT count(*) FROM stored), notable.* FROM (SELECT) one LEFT JOIN (SELECT * "
    "FROM stored WHERE decision_id IS NOT NULL OR kind = ANY(%(notable)s)) notable ON true"
)
NOTABLE = [str(EventKind.UNSUBSCRIBE), str(EventKind.COMPLAINT)]


@dataclass(frozen=True)
class StoredEvent:
    """An event stored now, of which somebody must know. `price` is of one piece."""

    message_id: UUID
    customer_id: int
    product_id: int | None
    kind: str
    occurred_at: datetime
    quantity: int
    price: Decimal | None
    currency: str
    decision_id: UUID | None


def insert_events(
    rows: pl.DataFrame, *, received_at: datetime, is_randomised: bool
) -> tuple[int, list[StoredEvent]]:
    """Store the rows that are not there yet.

    Returns how many those were, and of them the ones with a decision_id and those by which a
    customer leaves. Call it in a transaction.
    """
    frame = _as_incoming(rows)
    _fill(frame)
    has_keys = "message_id" in frame.columns and frame["message_id"].null_count() < len(frame)
    ctes, insert = _insert(has_keys=has_keys)
    given = {"received_at": received_at, "is_randomised": is_randomised, "notable": NOTABLE}
    with connection.cursor() as cursor:
        if not _is_notable(frame):
            cursor.execute(_statement(ctes, insert), given)
            return cursor.rowcount, []
        cursor.execute(_statement([*ctes, ("stored", f"{insert} {RETURNING}")], COUNTED), given)
        found = cursor.fetchall()
    return found[0][0], [StoredEvent(*row[1:]) for row in found if row[1]]


def _as_incoming(rows: pl.DataFrame) -> pl.DataFrame:
    named = rows.rename({LINE: "position"})
    return named.select(name for name in COLUMNS if name in named.columns)


def _is_notable(frame: pl.DataFrame) -> bool:
    answers = "decision_id" in frame.columns and frame["decision_id"].null_count() < len(frame)
    return answers or bool(frame["kind"].is_in(NOTABLE).any())


def _fill(frame: pl.DataFrame) -> None:
    """The temporary table stays with the connection, so that a request creates none."""
    body = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
    with connection.cursor() as cursor:
        cursor.execute(
            f'CREATE TEMPORARY TABLE IF NOT EXISTS "{INCOMING}" ({body}) ON COMMIT DELETE ROWS'
        )
        cursor.execute(f'DELETE FROM "{INCOMING}"')
    copy_frame(frame, table=INCOMING)
    analyse(INCOMING, rows=len(frame))


def _content_id() -> str:
    parts = ", chr(31), ".join(CONTENT)
    return f"md5(concat({parts}))::uuid"


def _sent_id() -> str:
    """A UUID that the sender gave is kept; any other text becomes one."""
    return (
        f"CASE WHEN message_id ~ '{UUID_FORM}' THEN message_id::uuid "
        "ELSE md5(concat('message', chr(31), message_id))::uuid END"
    )


def _statement(ctes: list[tuple[str, str]], body: str) -> str:
    named = ", ".join(f"{name} AS MATERIALIZED ({cte})" for name, cte in ctes)
    return f"WITH {named} {body}" if named else body


def _insert(*, has_keys: bool) -> tuple[list[tuple[str, str]], str]:
    """The named parts and the INSERT itself. The key of a sent message is taken first; only who
    took it now stores the event."""
    unnamed = f'{_select(_content_id())} FROM "{INCOMING}" WHERE message_id IS NULL'
    if not has_keys:
        return [], f"{_into()} {unnamed} ON CONFLICT DO NOTHING"
    sent = f'SELECT *, {_sent_id()} AS key FROM "{INCOMING}" WHERE message_id IS NOT NULL'
    ctes = [
        ("firsts", f"SELECT DISTINCT ON (key) * FROM ({sent}) sent ORDER BY key, position"),
        ("taken", TAKEN),
    ]
    named = f"{_select('key')} FROM firsts JOIN taken ON taken.message_id = firsts.key"
    return ctes, f"{_into()} {named} UNION ALL {unnamed} ON CONFLICT DO NOTHING"


def _into() -> str:
    return (
        "INSERT INTO launchopt_audiences_event (message_id, customer_id, product_id, kind, "
        "occurred_at, received_at, quantity, price, currency, value, order_id, session, text, "
        "decision_id, is_randomised)"
    )


def _select(message_id: str) -> str:
    return (
        f"SELECT {message_id}, customer_id, product_id, kind, occurred_at, "
        "%(received_at)s::timestamptz, COALESCE(quantity, 1), price, "
        "COALESCE(currency, ''), value, COALESCE(order_id, ''), "
        "COALESCE(session, ''), COALESCE(text, ''), decision_id, "
        "%(is_randomised)s AND kind = 'exposure'"
    )
