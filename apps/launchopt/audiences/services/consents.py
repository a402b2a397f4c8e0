"""What customers agree to, and when they take it back."""

# ruff: noqa: S608 - names of tables and columns, no values
from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl
from django.db import connection, transaction

from launchopt.audiences.models import Consent, Customer
from launchopt.operations.bulk import copy_frame, create_incoming
from launchopt.operations.errors import InvalidInput

MARKETING = "marketing"
BY_CUSTOMER = ("unsubscribe", "complaint")
INCOMING = "incoming_consent"


@transaction.atomic
def set_consent(
    *, customer: Customer, purpose: str, is_granted: bool, now: datetime, source: str = ""
) -> Consent:
    """Record what a customer agrees to, or no longer, for one purpose."""
    if not 0 < len(purpose) <= 60:
        raise InvalidInput.at("/consents", "A purpose is a name of at most 60 characters.")
    consent, _ = Consent.objects.update_or_create(
        customer=customer,
        purpose=purpose,
        defaults={"is_granted": is_granted, "recorded_at": now, "source": source[:60]},
    )
    return consent


def withdraw_marketing(kinds: Mapping[int, str], *, now: datetime) -> None:
    """Take marketing consent back for customers, by the kind of the event that asked for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO launchopt_audiences_consent "
            "(customer_id, purpose, is_granted, recorded_at, source) "
            "SELECT n.id, %s, false, %s, n.source "
            "FROM unnest(%s::bigint[], %s::text[]) AS n(id, source) ORDER BY n.id "
            "ON CONFLICT (customer_id, purpose) DO UPDATE SET is_granted = false, "
            "recorded_at = excluded.recorded_at, source = excluded.source",
            [MARKETING, now, list(kinds), [str(kind) for kind in kinds.values()]],
        )


def store_consents(rows: pl.DataFrame, *, now: datetime, source: str) -> dict[str, bool]:
    """Store consents of many customers: columns external_id, purpose, is_granted.

    A yes in a file does not undo a no that the customer said by an unsubscribe or a complaint, as
    the file may be older. Returns the external ids whose consents changed.
    """
    if rows.is_empty():
        return {}
    kinds = {"external_id": "text", "purpose": "text", "is_granted": "boolean"}
    create_incoming(INCOMING, columns=kinds)
    copy_frame(rows.select(list(kinds)), table=INCOMING)
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH stored AS (INSERT INTO launchopt_audiences_consent AS standing "
            "(customer_id, purpose, is_granted, recorded_at, source) "
            "SELECT COALESCE(c.merged_into_id, c.id), i.purpose, i.is_granted, %s, %s "
            f'FROM "{INCOMING}" i JOIN launchopt_audiences_customer c USING (external_id) '
            "ORDER BY 1, 2 ON CONFLICT (customer_id, purpose) DO UPDATE SET "
            "is_granted = excluded.is_granted, recorded_at = excluded.recorded_at, "
            "source = excluded.source "
            "WHERE standing.is_granted <> excluded.is_granted "
            "AND NOT (excluded.is_granted AND standing.source = ANY(%s)) RETURNING customer_id) "
            "SELECT DISTINCT c.external_id FROM stored "
            "JOIN launchopt_audiences_customer c ON c.id = stored.customer_id",
            [now, source[:60], list(BY_CUSTOMER)],
        )
        return {name: True for (name,) in cursor.fetchall()}
