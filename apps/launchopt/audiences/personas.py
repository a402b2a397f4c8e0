"""Personas as the worker stores them, one for each known customer; and what they are made from."""

from __future__ import annotations

from datetime import datetime

import polars as pl
from django.db import connection, transaction

from launchopt.audiences.models import Customer
from launchopt.catalog.models import Product
from launchopt.operations.bulk import analyse, copy_frame, create_incoming

INCOMING = "launchopt_incoming_persona"
COLUMNS = {
    "customer_id": "bigint",
    "age_band": "text",
    "gender": "text",
    "interests": "jsonb",
    "price_band": "text",
    "recency": "smallint",
    "frequency": "smallint",
    "monetary": "smallint",
    "active_hours": "jsonb",
}
TEXTS = ("age_band", "gender", "price_band")  # COPY reads an empty text as NULL
_NAMES = ", ".join(COLUMNS)
_VALUES = ", ".join(f"COALESCE(i.{n}, '')" if n in TEXTS else f"i.{n}" for n in COLUMNS)
_NEWS = ", ".join(f"{n} = EXCLUDED.{n}" for n in COLUMNS if n != "customer_id")
UPSERT = f"""
    INSERT INTO launchopt_audiences_persona AS p ({_NAMES}, as_of)
    SELECT {_VALUES}, %(as_of)s FROM {INCOMING} i
    JOIN launchopt_audiences_customer c ON c.id = i.customer_id
    ORDER BY i.customer_id
    ON CONFLICT (customer_id) DO UPDATE SET {_NEWS}, as_of = EXCLUDED.as_of
    WHERE p.as_of <= EXCLUDED.as_of OR p.as_of > %(now)s"""  # noqa: S608 - our own words


@transaction.atomic
def save_personas(rows: pl.DataFrame, *, as_of: datetime, now: datetime) -> int:
    """Write these rows (COLUMNS; lists as JSON texts); returns how many were written.

    A persona made for a later instant stays, unless that instant still lies ahead (simulated time).
    """
    create_incoming(INCOMING, columns=COLUMNS)
    copy_frame(rows.select(list(COLUMNS)), table=INCOMING)
    analyse(INCOMING, rows=len(rows))
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, {"as_of": as_of, "now": now})
        return int(cursor.rowcount)


def declared_by_customers() -> dict[int, tuple[int, str, str]]:
    """Birth year (0 where none), gender and time zone, of customers who said any of these."""
    said = Customer.objects.exclude(birth_year=None, gender="", time_zone="")
    rows = said.values_list("pk", "birth_year", "gender", "time_zone")
    return {pk: (year or 0, gender, zone) for pk, year, gender, zone in rows}


def titles_of_products() -> dict[int, str]:
    """Every product's title, by id."""
    return dict(Product.objects.order_by().values_list("pk", "title"))
