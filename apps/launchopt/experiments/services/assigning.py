"""Customers get a variant once and keep it, also when a visitor logs in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from launchopt.audiences.models import Customer
from launchopt.experiments import selectors
from launchopt.experiments.models import Assignment, Experiment, Exposure
from launchopt.experiments.services.slices import takes_part
from launchopt.operations.errors import Conflict, NotFound
from launchopt.operations.fields import CurrentTransaction
from launchopt_core.assignment import bucket_of, choose_variant

BATCH = 5000


@dataclass(frozen=True)
class Assigned:
    """Where a customer belongs, and since which weights."""

    variant: str
    phase: int


def assign(
    *, experiment: Experiment, customer_ids: Collection[int], now: datetime
) -> dict[int, Assigned]:
    """The variant of each customer, made by hash where there is none yet and kept for ever.

    Customers outside the experiment's slice of its exclusion group are left out.
    A fixed number of statements for each 5,000 customers. Two processes that assign the same
    customer at once agree on the first. Raises Conflict where a stopped experiment is asked to
    take in somebody new.
    """
    found = selectors.assignments_of(experiment, customer_ids)
    missing = [customer_id for customer_id in customer_ids if customer_id not in found]
    assigned = {key: Assigned(*value) for key, value in found.items()}
    if missing:
        if experiment.status == Experiment.Status.STOPPED:
            raise Conflict("A stopped experiment takes in no new customers.")
        for start in range(0, len(missing), BATCH):
            assigned |= _assign_new(experiment, missing[start : start + BATCH], now=now)
    return assigned


def assign_named(
    *, experiment: Experiment, names: Collection[str], now: datetime
) -> dict[str, str | None]:
    """The variant of each customer by the shop's id; None for one who takes no part.

    Raises NotFound naming customers that are unknown, and Conflict before the start.
    """
    if experiment.status == Experiment.Status.DRAFT:
        raise Conflict("The experiment has not started; start it first.")
    rows = Customer.objects.filter(external_id__in=names).values_list("external_id", "pk")
    ids = dict(rows)
    if missing := sorted(set(names) - set(ids)):
        raise NotFound(f"There is no customer {', '.join(missing[:5])}.")
    found = assign(experiment=experiment, customer_ids=list(ids.values()), now=now)
    return {name: found[pk].variant if pk in found else None for name, pk in ids.items()}


@transaction.atomic
def join_customers(*, source_id: int, target_id: int) -> None:
    """Give a visitor's variants and exposures to the customer they turned out to be.

    Where the customer has a variant of their own it stands, and the visitor counts no more.
    """
    own = Assignment.objects.filter(customer=target_id).values("experiment")
    visitors = Assignment.objects.filter(customer=source_id)
    visitors.update(recorded_in=CurrentTransaction())  # rollups look at all of them again
    visitors.exclude(experiment__in=own).update(customer=target_id)
    Exposure.objects.filter(customer=source_id).update(customer=target_id)


def _assign_new(
    experiment: Experiment, customer_ids: list[int], *, now: datetime
) -> dict[int, Assigned]:
    """Draw a variant for customers without one; read back what stands, whoever wrote it."""
    phase = selectors.phase_in_force(experiment)
    variants = {variant.name: variant.pk for variant in experiment.variants.all()}
    kept = selectors.assignments_of_visitors(experiment, customer_ids)
    units = Customer.objects.filter(pk__in=customer_ids).values_list("pk", "external_id")
    rows, known = [], dict(units)
    for customer_id, unit in known.items():
        if customer_id not in kept and not takes_part(experiment, unit):
            continue
        drawn = choose_variant(bucket_of(unit, experiment.salt), phase.weights)
        variant, number = kept.get(customer_id, (drawn, phase.number))
        rows.append(
            Assignment(
                experiment=experiment,
                customer_id=customer_id,
                variant_id=variants[variant],
                phase=number,
                assigned_at=now,
            )
        )
    if len(known) < len(set(customer_ids)):
        raise NotFound("Some of the customers to assign do not exist.")
    Assignment.objects.bulk_create(rows, ignore_conflicts=True)
    standing = selectors.assignments_of(experiment, customer_ids)
    return {customer_id: Assigned(*value) for customer_id, value in standing.items()}
