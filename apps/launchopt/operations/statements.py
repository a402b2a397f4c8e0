"""Statements that run with every request: planned once by the database, then kept."""

from __future__ import annotations

from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from psycopg import Connection, Cursor
from psycopg.pq import TransactionStatus

# A plan that was made on empty tables must not outlive their growth.
PLANNED_ANEW_SECONDS = 20
Given = dict[str, Any]
Rows = list[tuple[Any, ...]]
GENERIC = "SET plan_cache_mode = force_generic_plan"  # planning takes longer than running
BY_INDEX = "SELECT set_config('enable_seqscan', 'off', true)"  # to the end of the transaction
_planned: WeakKeyDictionary[Connection[Any], dict[str, int]] = WeakKeyDictionary()


def fetch(statement: str, given: Given) -> Rows:
    """Run a statement that the connection keeps prepared, and give its rows.

    Its plan goes by indexes, whatever the size of the tables at that moment, and is kept for a
    while. Outside of a transaction it is one, and needs no round trip but its own.
    """
    raw, keeps = _raw()
    moment = int(monotonic() // PLANNED_ANEW_SECONDS)
    with connection.wrap_database_errors:
        if keeps and _planned.setdefault(raw, {}).get(statement) != moment:
            _planned[raw][statement] = moment
            return _fetch_first(raw, _marked(statement, moment), given)
        return Cursor(raw).execute(_marked(statement, moment), given, prepare=keeps).fetchall()


def _fetch_first(raw: Connection[Any], statement: str, given: Given) -> Rows:
    if raw.info.transaction_status == TransactionStatus.IDLE:
        Cursor(raw).execute(GENERIC)
    with raw.pipeline():  # one transaction, where there is none around it
        Cursor(raw).execute(BY_INDEX)
        return Cursor(raw).execute(statement, given, prepare=True).fetchall()


def _marked(statement: str, moment: int) -> str:
    """The statement under another name once in a while, so that it is planned anew."""
    return f"{statement} /* {moment} */"


def _raw() -> tuple[Any, bool]:
    """The driver's connection, and whether it may keep statements.

    A host that pools connections by transaction says so with DISABLE_SERVER_SIDE_CURSORS, as Django
    asks; nothing is kept then.
    """
    keeps = not connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")
    connection.ensure_connection()
    if keeps and connection.connection.prepare_threshold is None:
        connection.connection.prepare_threshold = 0  # Django's own cursors keep none either way
    return connection.connection, keeps
