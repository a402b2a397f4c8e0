"""Who saw an experiment, where no launch runs it and its host shows the variants."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from launchopt.experiments.models import Assignment, Experiment, Exposure
from launchopt.operations.errors import Conflict, NotFound


def record_exposures(*, experiment: Experiment, names: Collection[str], now: datetime) -> int:
    """Note that customers, by the shop's ids, saw their variants now; gives how many are new.

    The first time is kept. Raises Conflict where the experiment is not running, and NotFound naming
    customers who were never assigned.
    """
    if experiment.status != Experiment.Status.RUNNING:
        raise Conflict(f"The experiment is {experiment.status}; only a running one is seen.")
    assigned = Assignment.objects.filter(experiment=experiment, customer__external_id__in=names)
    rows = list(assigned.values_list("customer__external_id", "customer_id", "variant_id"))
    if missing := sorted(set(names) - {name for name, *_ in rows}):
        raise NotFound(f"Ask for the variant first: {', '.join(missing[:5])} have none.")
    before = Exposure.objects.filter(experiment=experiment).count()
    Exposure.objects.bulk_create(
        (
            Exposure(
                decision_id=uuid.uuid5(experiment.pk, str(customer)),
                experiment=experiment,
                customer_id=customer,
                variant_id=variant,
                exposed_at=now,
            )
            for _, customer, variant in rows
        ),
        ignore_conflicts=True,
    )
    return Exposure.objects.filter(experiment=experiment).count() - before
