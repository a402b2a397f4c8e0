"""Statements that run with every request: planned once by the database, then kept."""

from __future__ import annotations

from time import monotonic
from typing import Any

from django.db import connection
from psycopg import Cursor

# A plan that was made on empty tables must not outlive their growth.
PLANNED_ANEW_SECONDS = 20
Given = dict[str, Any]
Rows = list[tuple[Any, ...]]


def fetch(statement: str, given: Given) -> Rows:
    """Run a statement that the connection keeps prepared, and give its rows."""
    raw, keeps = _raw()
    with connection.wrap_database_errors, Cursor(raw) as cursor:
        return cursor.execute(_marked(statement), given, prepare=keeps).fetchall()


def fetch_together(*asked: tuple[str, Given]) -> list[Rows]:
    """Run such statements one after the other, sent at once; the rows of each."""
    raw, keeps = _raw()
    with connection.wrap_database_errors, raw.pipeline():
        cursors = [
            Cursor(raw).execute(_marked(statement), given, prepare=keeps)
            for statement, given in asked
        ]
        return [cursor.fetchall() for cursor in cursors]


def _marked(statement: str) -> str:
    """The statement under another name once in a while, so that it is planned anew."""
    return f"{statement} /* {int(monotonic() // PLANNED_ANEW_SECONDS)} */"


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
