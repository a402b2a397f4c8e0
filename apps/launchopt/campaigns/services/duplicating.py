"""A launch done again: the same terms, a new plan."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from launchopt.campaigns.models import ExcludedCustomer, Launch
from launchopt.campaigns.services.planning import terms_of
from launchopt.operations.services import actor_name, record_audit


@transaction.atomic
def duplicate_launch(*, launch: Launch, by: Any, now: datetime) -> Launch:
    """A draft on the same terms, for the customers that a person has not left out.

    It starts now, or when the other one does where that lies ahead, and lasts as long. Audiences,
    money, words and experiment are its own: they come with its plan.
    """
    starts_at = max(launch.starts_at, now)
    copy = Launch.objects.create(
        name=f"{launch.name[:190]} (again)",
        product=launch.product,
        budget=launch.budget,
        currency=launch.currency,
        starts_at=starts_at,
        ends_at=starts_at + (launch.ends_at - launch.starts_at),
        holdout=launch.holdout,
        channels=launch.channels,
        cap_contacts=launch.cap_contacts,
        cap_window_hours=launch.cap_window_hours,
        feedback=launch.feedback,
        bounds=launch.bounds,
        curves=launch.curves,
        duplicated_from=launch,
        created_by=actor_name(by)[:150] if by else "",
        created_at=now,
    )
    ExcludedCustomer.objects.bulk_create(
        ExcludedCustomer(launch=copy, customer_id=row.customer_id, reason=row.reason)
        for row in launch.excluded.all()
    )
    record_audit(
        action="duplicate_launch",
        subject=f"launch:{copy.pk}",
        by=by,
        now=now,
        after=terms_of(copy),
        note=f"from launch:{launch.pk}",
    )
    return copy
