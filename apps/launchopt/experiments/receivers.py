"""What a change below means for experiments: a visitor's variant becomes the customer's."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from launchopt.audiences.signals import customers_identified
from launchopt.experiments.services import join_customers


@receiver(customers_identified, dispatch_uid="launchopt.experiments.customers_identified")
def customer_identified(*, source_id: int, target_id: int, **_: Any) -> None:
    """Keep who logs in where they were as a visitor."""
    join_customers(source_id=source_id, target_id=target_id)
