"""A customer is forgotten. Events have no foreign key in the database: they are known here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from launchopt.audiences.models import Customer, Event, RejectedEvent
from launchopt.audiences.signals import customers_erased
from launchopt.operations.services import record_audit


@transaction.atomic
def erase_customer(*, customer: Customer, now: datetime, by: Any) -> dict[str, int]:
    """Delete a customer, the visitors who turned out to be them, and all that they did.

    Results that were measured stay: they are sums, not persons. The audit trail keeps that it was
    done, by the row's number alone. Returns how much was deleted.
    """
    held = Customer.objects.select_for_update().order_by("pk")
    rows = list(held.filter(pk=customer.pk) | held.filter(merged_into=customer.pk))
    ids, names = [row.pk for row in rows], [row.external_id for row in rows]
    customers_erased.send(sender=Customer, customer_ids=ids, now=now)
    events, _ = Event.objects.filter(customer__in=ids).delete()
    rejected, _ = RejectedEvent.objects.filter(payload__customer__in=names).delete()
    Customer.objects.filter(pk__in=ids).delete()
    record_audit(action="erase_customer", subject=f"customer:{customer.pk}", by=by, now=now)
    return {"customers": len(ids), "events": events, "rejected_events": rejected}
