"""The statements that write events. No other module inserts into their table."""

# ruff: noqa: S608 - names of tables and columns, no values
from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import polars as pl
from django.db import IntegrityError, connection, transaction

from launchopt.audiences.models import Event, EventKind, MessageKey
from launchopt.audiences.services.messages import HAS_KEY, KEY, with_keys
from launchopt.operations.bulk import SMALL, analyse, copy_frame

INCOMING = "launchopt_incoming_event"
TABLE, KEYS = Event._meta.db_table, MessageKey._meta.db_table
NOTABLE = [str(EventKind.UNSUBSCRIBE), str(EventKind.COMPLAINT)]
COLUMNS = {
    "message_id": "uuid",
    "customer_id": "bigint",
    "product_id": "bigint",
    "kind": "text",
    "occurred_at": "timestamptz",
    "received_at": "timestamptz",
    "quantity": "integer",
    "price": "numeric(18, 4)",
    "currency": "text",
    "value": "float8",
    "order_id": "text",
    "session": "text",
    "text": "text",
    "decision_id": "uuid",
    "is_randomised": "boolean",
}
TEXTS = ("currency", "order_id", "session", "text")
NAMES = ", ".join(COLUMNS)
# The key of a sent message is taken first; only who took it now stores the event. In the order of
# keys, so that two who send the same batch at once wait for each other instead of locking up.
TAKEN = (
    f'INSERT INTO "{KEYS}" (message_id, occurred_at) SELECT message_id, occurred_at '
    f'FROM "{INCOMING}" WHERE {HAS_KEY} ORDER BY message_id '
    "ON CONFLICT DO NOTHING RETURNING message_id"
)
INSERT = (
    f'INSERT INTO "{TABLE}" ({NAMES}) SELECT {NAMES} FROM "{INCOMING}" i WHERE %s '
    "ORDER BY message_id ON CONFLICT DO NOTHING"
)
FRESH = "NOT has_message_key OR EXISTS (SELECT FROM taken t WHERE t.message_id = i.message_id)"
RETURNING = (
    "RETURNING message_id, customer_id, product_id, kind, occurred_at, quantity, price, currency, "
    "decision_id"
)
COUNTED = (
    "SELECT (SELECT count(*) FROM stored), notable.* FROM (SELECT) one LEFT JOIN (SELECT * "
    "FROM stored WHERE decision_id IS NOT NULL OR kind = ANY(%(notable)s)) notable ON true"
)


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
    keyed = with_keys(rows).unique(KEY, keep="first", maintain_order=True)
    frame = _as_stored(keyed, received_at=received_at, is_randomised=is_randomised)
    has_keys, is_notable = bool(keyed[HAS_KEY].any()), _is_notable(frame)
    if not is_notable and len(frame) > SMALL and _copied(frame, sent=keyed[HAS_KEY]):
        return len(frame), []
    _fill(frame.with_columns(keyed[HAS_KEY]))
    return _inserted(has_keys=has_keys, is_notable=is_notable)


def _as_stored(keyed: pl.DataFrame, *, received_at: datetime, is_randomised: bool) -> pl.DataFrame:
    """The columns of the table, with what a sender left out."""
    given = keyed.select(
        pl.col(KEY).alias("message_id"),
        pl.lit(received_at).alias("received_at"),
        ((pl.col("kind") == "exposure") & is_randomised).alias("is_randomised"),
        *(name for name in COLUMNS if name in keyed.columns and name != "message_id"),
    )
    missing = [pl.lit("").alias(name) for name in TEXTS if name not in given.columns]
    missing += [pl.lit(1).alias("quantity")] if "quantity" not in given.columns else []
    full = given.with_columns(missing)
    return full.with_columns(pl.col(TEXTS).fill_null(""), pl.col("quantity").fill_null(1))


def _is_notable(frame: pl.DataFrame) -> bool:
    answers = "decision_id" in frame.columns and frame["decision_id"].null_count() < len(frame)
    return answers or bool(frame["kind"].is_in(NOTABLE).any())


def _copied(frame: pl.DataFrame, *, sent: pl.Series) -> bool:
    """COPY straight into the table, where no event stands in the time of these.

    False, and nothing done, where one does, where a key was sent before, or where another sender
    stored one of them meanwhile.
    """
    first, last = frame["occurred_at"].min(), frame["occurred_at"].max()
    if Event.objects.filter(occurred_at__range=(first, last)).order_by().exists():
        return False
    try:
        with transaction.atomic():
            copy_frame(frame.filter(sent).select("message_id", "occurred_at"), table=KEYS)
            copy_frame(frame, table=TABLE)
    except IntegrityError:
        return False
    return True


def _fill(frame: pl.DataFrame) -> None:
    """The temporary table stays with the connection, so that a request creates none."""
    body = ", ".join(f'"{name}" {kind}' for name, kind in (COLUMNS | {HAS_KEY: "boolean"}).items())
    with connection.cursor() as cursor:
        cursor.execute(
            f'CREATE TEMPORARY TABLE IF NOT EXISTS "{INCOMING}" ({body}) ON COMMIT DELETE ROWS'
        )
        cursor.execute(f'DELETE FROM "{INCOMING}"')
    copy_frame(frame, table=INCOMING)
    analyse(INCOMING, rows=len(frame))


def _inserted(*, has_keys: bool, is_notable: bool) -> tuple[int, list[StoredEvent]]:
    ctes = {"taken": TAKEN} if has_keys else {}
    insert = INSERT % (FRESH if has_keys else "true")
    with connection.cursor() as cursor:
        if not is_notable:
            cursor.execute(_statement(ctes, insert))
            return cursor.rowcount, []
        statement = _statement({**ctes, "stored": f"{insert} {RETURNING}"}, COUNTED)
        cursor.execute(statement, {"notable": NOTABLE})
        found = cursor.fetchall()
    return found[0][0], [StoredEvent(*row[1:]) for row in found if row[1]]


def _statement(ctes: dict[str, str], body: str) -> str:
    named = ", ".join(f"{name} AS ({cte})" for name, cte in ctes.items())
    return f"WITH {named} {body}" if named else body
