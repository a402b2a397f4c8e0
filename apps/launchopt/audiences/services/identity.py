"""A visitor turns out to be a customer: their histories become one."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from launchopt.audiences.models import Customer
from launchopt.audiences.signals import customers_identified
from launchopt.operations.errors import Conflict, InvalidInput

# Rewritten by this transaction, so that rollups look again at what the joined history did: also at
# the customer's own outcomes, which may now answer what the visitor was shown.
EVENTS = """
    UPDATE launchopt_audiences_event
    SET customer_id = %(target)s, recorded_in = pg_current_xact_id()::text::bigint
    WHERE customer_id = %(source)s
       OR (customer_id = %(target)s AND kind IN ('purchase', 'return'))
"""
# Of two answers about one purpose, no wins.
CONSENTS = """
    INSERT INTO launchopt_audiences_consent AS standing
        (customer_id, purpose, is_granted, recorded_at, source)
    SELECT %(target)s, purpose, is_granted, recorded_at, source
    FROM launchopt_audiences_consent WHERE customer_id = %(source)s
    ON CONFLICT (customer_id, purpose) DO UPDATE SET is_granted = false,
        recorded_at = excluded.recorded_at, source = excluded.source
    WHERE standing.is_granted AND NOT excluded.is_granted
"""
# What the visitor alone has goes to the customer; what both have stays the customer's.
MEMBERSHIPS = """
    UPDATE launchopt_audiences_audiencemember m SET customer_id = %(target)s
    WHERE customer_id = %(source)s AND NOT EXISTS (
        SELECT FROM launchopt_audiences_audiencemember t
        WHERE t.audience_id = m.audience_id AND t.customer_id = %(target)s)
"""
SCORES = """
    UPDATE launchopt_audiences_interestscore s SET customer_id = %(target)s
    WHERE customer_id = %(source)s AND NOT EXISTS (
        SELECT FROM launchopt_audiences_interestscore t
        WHERE t.product_id = s.product_id AND t.customer_id = %(target)s)
"""
LEFT_OVER = (
    "launchopt_audiences_consent",
    "launchopt_audiences_audiencemember",
    "launchopt_audiences_interestscore",
    "launchopt_audiences_persona",
    "launchopt_audiences_recommendation",
)


@transaction.atomic
def identify_customer(*, anonymous_id: str, customer: str, now: datetime) -> Customer:
    """Give a visitor's history, consents and memberships to a customer; later events follow.

    Both are created where they are not known. Asking again is the same as asking once. Raises
    Conflict where the visitor is a customer with a name, or turned out to be somebody else.
    """
    if anonymous_id == customer:
        raise InvalidInput.at("/anonymous_id", "The visitor and the customer have the same id.")
    source, target = _both(anonymous_id, customer, now=now)
    _check(source, target)
    ids = {"source": source.pk, "target": target.pk}
    with connection.cursor() as cursor:
        for statement in (EVENTS, CONSENTS, MEMBERSHIPS, SCORES):
            cursor.execute(statement, ids)
        for table in LEFT_OVER:
            cursor.execute(f'DELETE FROM "{table}" WHERE customer_id = %(source)s', ids)  # noqa: S608
    Customer.objects.filter(merged_into=source).update(merged_into=target)
    Customer.objects.filter(pk=source.pk).update(
        is_anonymous=True, merged_into=target, updated_at=now
    )
    customers_identified.send(sender=Customer, source_id=source.pk, target_id=target.pk, now=now)
    return target


def _both(anonymous_id: str, customer: str, *, now: datetime) -> tuple[Customer, Customer]:
    """Both rows, held until the histories are one; the customer's is the one it is known by now."""
    Customer.objects.bulk_create(
        [
            Customer(external_id=anonymous_id, is_anonymous=True, created_at=now, updated_at=now),
            Customer(external_id=customer, created_at=now, updated_at=now),
        ],
        ignore_conflicts=True,
    )
    named = Customer.objects.filter(external_id__in=[anonymous_id, customer])
    ids = {row.pk for row in named} | {row.merged_into_id for row in named if row.merged_into_id}
    held = Customer.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    rows = {row.external_id: row for row in held}
    by_id = {row.pk: row for row in rows.values()}
    target = rows[customer]
    return rows[anonymous_id], by_id.get(target.merged_into_id, target)


def _check(source: Customer, target: Customer) -> None:
    if source.merged_into_id and source.merged_into_id != target.pk:
        raise Conflict(
            f"The visitor {source.external_id!r} turned out to be somebody else already; "
            "give the visitor a new id when a customer logs out."
        )
    if source.pk == target.pk:
        raise Conflict(f"{source.external_id!r} is the same customer already.")
    if any([source.email, source.phone, source.joined_at, source.birth_year]):
        raise Conflict(f"{source.external_id!r} is a customer with a name, no visitor.")
