"""Personas as the worker stores them, one for each known customer, and the segments they share."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import polars as pl
from django.db import connection, transaction

from launchopt.audiences.models import Customer, Segment
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
    "segment_id": "uuid",
    "confidence": "double precision",
    "is_declared": "boolean",
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


@transaction.atomic
def save_segments(
    rows: Sequence[dict[str, Any]], *, space: str, as_of: datetime, now: datetime
) -> list[uuid.UUID | None]:
    """Write the segments of a build; returns their ids, in order.

    A row has the fields of a segment and `known_as`, the id of the standing one that it is; that
    one keeps its name. What is found no longer is retired. Where segments of a later instant
    stand (unless that still lies ahead, on simulated time), nothing is written.
    """
    standing = Segment.objects.select_for_update().filter(retired_at=None)
    if standing.filter(as_of__gt=as_of, as_of__lte=now).exists():
        return [uuid.UUID(row["known_as"]) if row["known_as"] else None for row in rows]
    kept = {str(segment.pk): segment for segment in standing}
    ids: list[uuid.UUID | None] = []
    for row in rows:
        fields = {name: value for name, value in row.items() if name != "known_as"}
        segment = kept.pop(row["known_as"], None)
        if segment is None:
            segment = Segment(found_at=now, name=name_of(row["terms"]))
        for name, value in (fields | {"space": space, "as_of": as_of}).items():
            setattr(segment, name, value)
        segment.save()
        ids.append(segment.pk)
    Segment.objects.filter(pk__in=list(kept)).update(retired_at=now, size=0)
    return ids


def name_of(terms: Sequence[dict[str, Any]]) -> str:
    """The strongest terms as a name, the category first.

    >>> terms = [{"name": "home", "kind": "category"}, {"name": "lamp", "kind": "term"}]
    >>> name_of(terms), name_of(terms[1:]), name_of([])
    ('Home: lamp', 'Lamp', 'Everything else')
    """
    category = [t["name"] for t in terms if t["kind"] == "category"][:1]
    said = {word.lower() for name in category for word in name.split()}
    words = [t["name"] for t in terms if t["kind"] == "term" and t["name"] not in said]
    name = ": ".join(filter(None, [*category, ", ".join(words[:3])]))
    return (name[:1].upper() + name[1:])[:200] or "Everything else"


def standing_segments(*, space: str) -> list[tuple[str, list[float]]]:
    """Id and centre of the segments that can be found again in this space, oldest first."""
    rows = Segment.objects.filter(space=space, retired_at=None).order_by("found_at", "pk")
    return [(str(pk), centre) for pk, centre in rows.values_list("pk", "centre")]


def declared_by_customers() -> dict[int, tuple[int, str, str, str]]:
    """Birth year (0 where none), gender, time zone, interests, of customers who said any."""
    said = Customer.objects.exclude(birth_year=None, gender="", time_zone="", interests="")
    rows = said.values_list("pk", "birth_year", "gender", "time_zone", "interests")
    return {pk: (year or 0, *words) for pk, year, *words in rows}


def titles_of_products() -> dict[int, str]:
    """Every product's title, by id."""
    return dict(Product.objects.order_by().values_list("pk", "title"))
