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

    def remember(
        self, customer: int, *, variant: str, phase: int, as_visitor: bool = False
    ) -> None:
        """Take in what stands."""
        share = self.weights.get(phase, self.shares).get(variant, 0.0)
        book = self.as_visitor if as_visitor else self.known
        book[customer] = Assigned(variant, phase, share)

    def _draw(self, customer: Customer) -> Assigned:
        bucket = bucket_of(customer.external_id, self.experiment.salt)
        name = choose_variant(bucket, self.shares)
        return Assigned(name, self.phase, self.shares[name])


def arms_of(
    experiments: Collection[Experiment],
    *,
    assigned: Mapping[tuple[uuid.UUID, int], tuple[str, int]] | None = None,
    customers: Collection[int] = (),
) -> dict[uuid.UUID, Arms]:
    """These experiments with what stands of these customers' assignments.

    One query, and one more where a customer has none: the visitor that they were may have one.
    """
    if not experiments:
        return {}
    phases: dict[uuid.UUID, dict[int, dict[str, float]]] = defaultdict(dict)
    rows = Phase.objects.filter(experiment__in=experiments).order_by("number")
    for experiment, number, weights in rows.values_list("experiment", "number", "weights"):
        phases[experiment][number] = weights
    arms = {each.pk: Arms(each, phases[each.pk]) for each in experiments}
    known = assigned or {}
    for (experiment, customer), (variant, phase) in known.items():
        if experiment in arms:
            arms[experiment].remember(customer, variant=variant, phase=phase)
    missing = [c for c in customers if any((each, c) not in known for each in arms)]
    if missing:
        _remember_visitors(arms, missing)
    return arms


def _remember_visitors(arms: Mapping[uuid.UUID, Arms], customers: Collection[int]) -> None:
    """A visitor's variant holds for the customer that the visitor turned out to be."""
    rows = Assignment.objects.filter(
        customer__merged_into__in=customers, experiment__in=list(arms)
    ).order_by("assigned_at")
    for experiment, customer, variant, phase in rows.values_list(
        "experiment", "customer__merged_into", "variant__name", "phase"
    ):
        arms[experiment].remember(customer, variant=variant, phase=phase, as_visitor=True)


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
