"""Thousands of rows at once: COPY from a Polars frame, and upserts that say what they changed."""

# ruff: noqa: S608 - names of tables and columns, no values
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any

import polars as pl
from django.db import connection, models

BLOCK = 1 << 20  # bytes handed to COPY at a time
SMALL = 5_000  # rows up to which the planner needs no statistics


def copy_frame(frame: pl.DataFrame, *, table: str) -> None:
    """COPY a frame into the columns of a table that bear its names. Instants are in UTC."""
    if frame.is_empty():
        return
    buffer = BytesIO()
    frame.write_csv(buffer, include_header=False, datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ")
    view = buffer.getbuffer()
    columns = ", ".join(f'"{name}"' for name in frame.columns)
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,  # which Django leaves out for COPY
        cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN (FORMAT csv)') as copy,
    ):
        for start in range(0, len(view), BLOCK):
            copy.write(view[start : start + BLOCK])


def create_incoming(table: str, *, columns: dict[str, str]) -> None:
    """An empty temporary table that lasts for the transaction at work."""
    body = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    with connection.cursor() as cursor:
        cursor.execute(f'DROP TABLE IF EXISTS pg_temp."{table}"')
        cursor.execute(f'CREATE TEMPORARY TABLE "{table}" ({body}) ON COMMIT DROP')


def analyse(table: str, *, rows: int) -> None:
    """Let the planner know a large temporary table."""
    if rows > SMALL:
        with connection.cursor() as cursor:
            cursor.execute(f'ANALYZE "{table}"')


@dataclass(frozen=True)
class Upserted:
    """Ids of the rows made, and of those changed with the names of what changed."""

    created: list[int] = field(default_factory=list)
    changed: dict[int, list[str]] = field(default_factory=dict)


class Upsert:
    """Bring rows of a model up to date with a frame whose columns are its database columns.

    With `clears` an empty cell empties the field; without it, what is stored stays. A JSON column
    is merged into what is stored unless `clears`.
    """

    def __init__(
        self,
        model: type[models.Model],
        *,
        key: str,
        frame: pl.DataFrame,
        now: datetime,
        clears: bool = False,
    ) -> None:
        self.table, self.key, self.now, self.clears = model._meta.db_table, key, now, clears
        self.incoming = f"incoming_{self.table}"
        self.frame = frame
        self.fields: dict[str, Any] = {f.column: f for f in model._meta.concrete_fields}
        self.given: Sequence[str] = [c for c in frame.columns if c != key]

    def run(self) -> Upserted:
        """Three statements, however many rows. Call it in a transaction."""
        kinds = {c: self.fields[c].db_type(connection) for c in self.frame.columns}
        create_incoming(self.incoming, columns=kinds)
        copy_frame(self.frame, table=self.incoming)
        analyse(self.incoming, rows=len(self.frame))
        with connection.cursor() as cursor:
            changed = self._changes(cursor)
            if changed:
                self._update(cursor, list(changed))
            return Upserted(created=self._insert(cursor), changed=changed)

    def _changes(self, cursor: Any) -> dict[int, list[str]]:
        marks = [
            f"CASE WHEN p.\"{c}\" IS DISTINCT FROM {self._new(c)} THEN '{c}' END"
            for c in self.given
        ]
        cursor.execute(
            f"SELECT p.id, array_remove(ARRAY[{', '.join(marks)}]::text[], NULL) "
            f'FROM "{self.table}" p JOIN "{self.incoming}" i USING ("{self.key}") '
            "ORDER BY p.id FOR NO KEY UPDATE OF p"
        )
        return {row_id: names for row_id, names in cursor.fetchall() if names}

    def _update(self, cursor: Any, ids: list[int]) -> None:
        news = ", ".join(f'"{c}" = {self._new(c)}' for c in self.given)
        cursor.execute(
            f'UPDATE "{self.table}" p SET {news}, updated_at = %s FROM "{self.incoming}" i '
            f'WHERE p."{self.key}" = i."{self.key}" AND p.id = ANY(%s)',
            [self.now, ids],
        )

    def _insert(self, cursor: Any) -> list[int]:
        rest = [c for c in self.fields if c not in {*self.frame.columns, "id"}]
        names = ", ".join(f'"{c}"' for c in [self.key, *self.given, *rest])
        values = [self._given(c) for c in self.given] + ["%s"] * len(rest)
        cursor.execute(
            f'INSERT INTO "{self.table}" ({names}) '
            f'SELECT i."{self.key}", {", ".join(values)} FROM "{self.incoming}" i WHERE NOT EXISTS '
            f'(SELECT FROM "{self.table}" p WHERE p."{self.key}" = i."{self.key}") '
            f'ON CONFLICT ("{self.key}") DO NOTHING RETURNING id',
            [self._default(c) for c in rest],
        )
        return [row_id for (row_id,) in cursor.fetchall()]

    def _default(self, column: str) -> Any:
        if column in ("created_at", "updated_at"):
            return self.now
        field_ = self.fields[column]
        value = field_.get_default()
        return field_.get_db_prep_save(value, connection=connection)

    def _empty(self, column: str) -> str:
        """SQL for the value of an empty cell in a new row."""
        field_ = self.fields[column]
        if isinstance(field_, models.JSONField):
            return "'{}'::jsonb"
        if isinstance(field_, models.BooleanField):
            return "false"
        return "NULL" if field_.null else "''"

    def _given(self, column: str) -> str:
        return f'COALESCE(i."{column}", {self._empty(column)})'

    def _new(self, column: str) -> str:
        """SQL for a standing row's new value."""
        if self.clears:
            return self._given(column)
        if isinstance(self.fields[column], models.JSONField):
            return f'p."{column}" || COALESCE(i."{column}", \'{{}}\'::jsonb)'
        return f'COALESCE(i."{column}", p."{column}")'
