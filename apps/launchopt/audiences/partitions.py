"""The events table by month: how it is made, and how months are added ahead of their events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction
from django.db.migrations.operations import CreateModel

PARENT = "launchopt_audiences_event"
LOCK = 7_316_021  # one process creates partitions at a time


class CreatePartitionedModel(CreateModel):
    """CreateModel whose table is partitioned by range of one column.

    The database's key holds that column too, as PostgreSQL asks; Django's state knows the model's
    own key alone. A DEFAULT partition catches what no month has been made for.
    """

    def __init__(self, *args: Any, key: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key = key

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """As CreateModel, with the partition column."""
        name, args, kwargs = super().deconstruct()
        return name, args, {**kwargs, "key": self.key}

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Create the parent with its two-column key, and the default partition."""
        model = to_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        sql, params = schema_editor.table_sql(model)
        column = model._meta.pk.column
        plain = sql.replace(" PRIMARY KEY", "", 1).rstrip().removesuffix(")")
        schema_editor.execute(
            f'{plain}, PRIMARY KEY ("{column}", "{self.key}")) PARTITION BY RANGE ("{self.key}")',
            params or None,
        )
        schema_editor.deferred_sql.extend(schema_editor._model_indexes_sql(model))
        table = model._meta.db_table
        schema_editor.execute(f'CREATE TABLE "{table}_default" PARTITION OF "{table}" DEFAULT')


def month_of(instant: datetime) -> datetime:
    """The first instant of its month, in UTC."""
    return instant.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month_after(month: datetime) -> datetime:
    """The first instant of the next month."""
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def months_between(since: datetime, until: datetime) -> list[datetime]:
    """Every month that holds an instant of [since, until]."""
    months = [month_of(since)]
    while month_after(months[-1]) <= until:
        months.append(month_after(months[-1]))
    return months


def partition_name(month: datetime) -> str:
    """Such as launchopt_audiences_event_2026_03."""
    return f"{PARENT}_{month:%Y_%m}"


@transaction.atomic
def ensure_partitions(*, since: datetime, until: datetime) -> list[str]:
    """Create the months of [since, until] that are missing; their rows leave the default partition.

    Returns the names of those created. Safe to call from several processes at once.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass",
            [PARENT],
        )
        standing = {name.strip('"') for (name,) in cursor.fetchall()}
        missing = [m for m in months_between(since, until) if partition_name(m) not in standing]
        for month in missing:
            _create_month(cursor, month)
    return [partition_name(month) for month in missing]


def _create_month(cursor: Any, month: datetime) -> None:
    """A month whose rows already stand in the default partition is filled with them."""
    name, bounds = partition_name(month), [month, month_after(month)]
    cursor.execute(
        f'CREATE TABLE "{name}" (LIKE "{PARENT}" INCLUDING DEFAULTS INCLUDING CONSTRAINTS)'
    )
    where = "occurred_at >= %s AND occurred_at < %s"
    cursor.execute(
        f'WITH moved AS (DELETE FROM "{PARENT}_default" WHERE {where} RETURNING *) '  # noqa: S608
        f'INSERT INTO "{name}" SELECT * FROM moved',
        bounds,
    )
    first, after = (f"'{instant.isoformat()}'" for instant in bounds)
    cursor.execute(
        f'ALTER TABLE "{PARENT}" ATTACH PARTITION "{name}" FOR VALUES FROM ({first}) TO ({after})'
    )


__all__ = [
    "CreatePartitionedModel",
    "ensure_partitions",
    "month_after",
    "month_of",
    "months_between",
    "partition_name",
]
