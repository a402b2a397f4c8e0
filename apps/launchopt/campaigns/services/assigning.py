"""Who belongs to which variant: drawn by a hash at the first eligible decision, and kept.

The draw is that of `experiments.services.assign`, made for many customers, each at an instant of
their own.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from launchopt.audiences.models import Customer
from launchopt.experiments.models import Assignment, Experiment, Phase, Variant
from launchopt_core.assignment import HOLDOUT, bucket_of, choose_variant


@dataclass(frozen=True)
class Assigned:
    """A customer's variant, the phase that it was drawn in, and how likely it was there."""

    variant: str
    phase: int
    propensity: float

    @property
    def is_holdout(self) -> bool:
        """Whether the customer is left alone."""
        return self.variant == HOLDOUT


@dataclass(frozen=True)
class Arms:
    """An experiment's variants, their shares by phase, and who belongs where."""

    experiment: Experiment
    weights: Mapping[int, Mapping[str, float]]
    known: dict[int, Assigned] = field(default_factory=dict)
    as_visitor: dict[int, Assigned] = field(default_factory=dict)
    new: dict[int, datetime] = field(default_factory=dict)

    @property
    def phase(self) -> int:
        """The phase in force."""
        return max(self.weights)

    @property
    def shares(self) -> Mapping[str, float]:
        """The shares of new customers."""
        return self.weights[self.phase]

    def assigned(self, customer: Customer, *, at: datetime) -> Assigned:
        """The variant that is kept; at the first time the one that is drawn."""
        if customer.pk not in self.known:
            self.known[customer.pk] = self.would_be(customer)
            self.new[customer.pk] = at
        return self.known[customer.pk]

    def would_be(self, customer: Customer) -> Assigned:
        """Where the customer belongs, or would if it were assigned now."""
        kept = self.known.get(customer.pk) or self.as_visitor.get(customer.pk)
        return kept or self._draw(customer)

    def remember(self, customer: int, *, variant: str, phase: int, visitor_of: int | None) -> None:
        """Take in what stands; a visitor's variant holds for the customer it turned out to be."""
        share = self.weights.get(phase, self.shares).get(variant, 0.0)
        book = self.known if visitor_of is None else self.as_visitor
        book[visitor_of or customer] = Assigned(variant, phase, share)

    def _draw(self, customer: Customer) -> Assigned:
        bucket = bucket_of(customer.external_id, self.experiment.salt)
        name = choose_variant(bucket, self.shares)
        return Assigned(name, self.phase, self.shares[name])


def arms_of(
    experiments: Collection[Experiment], *, customers: Collection[int]
) -> dict[uuid.UUID, Arms]:
    """These experiments with their assignments of these customers, in two queries."""
    if not experiments:
        return {}
    phases: dict[uuid.UUID, dict[int, dict[str, float]]] = defaultdict(dict)
    for phase in Phase.objects.filter(experiment__in=experiments):
        phases[phase.experiment_id][phase.number] = phase.weights
    arms = {each.pk: Arms(each, phases[each.pk]) for each in experiments}
    if customers:
        _remember_assignments(arms, customers)
    return arms


def _remember_assignments(arms: Mapping[uuid.UUID, Arms], customers: Collection[int]) -> None:
    rows = Assignment.objects.filter(
        Q(customer__in=customers) | Q(customer__merged_into__in=customers),
        experiment__in=list(arms),
    ).order_by("assigned_at")
    for experiment, customer, variant, phase, turned_out in rows.values_list(
        "experiment", "customer", "variant__name", "phase", "customer__merged_into"
    ):
        arms[experiment].remember(customer, variant=variant, phase=phase, visitor_of=turned_out)


def save_assignments(arms: Iterable[Arms]) -> None:
    """Keep what was drawn, in one statement. What stands already is kept as it is."""
    drawn = [each for each in arms if each.new]
    if not drawn:
        return
    ids = _variant_ids(each.experiment for each in drawn)
    Assignment.objects.bulk_create(
        [
            Assignment(
                experiment=each.experiment,
                customer_id=customer,
                variant_id=ids[each.experiment.pk, each.known[customer].variant],
                phase=each.known[customer].phase,
                assigned_at=at,
            )
            for each in drawn
            for customer, at in each.new.items()
        ],
        ignore_conflicts=True,
    )


def _variant_ids(experiments: Iterable[Experiment]) -> dict[tuple[uuid.UUID, str], int]:
    rows = Variant.objects.filter(experiment__in=list(experiments))
    return {(e, name): pk for e, name, pk in rows.values_list("experiment", "name", "pk")}
