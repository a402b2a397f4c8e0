"""Who belongs to which variant: drawn by a hash at the first eligible decision, and kept.

The draw is that of `experiments.services.assign`, made for many customers, each at an instant of
their own.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from launchopt.campaigns.selectors.moments import Belonging, Person
from launchopt.campaigns.services.storing import Drawn
from launchopt.experiments.models import Experiment
from launchopt.experiments.selectors import Shares, experiment_shares
from launchopt_core.assignment import HOLDOUT, bucket_of, choose_variant


@dataclass(frozen=True)
class Assigned:
    """A customer's variant, the phase that it was drawn in, and how likely it was there."""

    variant: str
    phase: int
    propensity: float
    bucket: float | None = None  # what it was drawn by, where it is drawn now

    @property
    def is_holdout(self) -> bool:
        """Whether the customer is left alone."""
        return self.variant == HOLDOUT


@dataclass(frozen=True)
class Arms:
    """An experiment's variants, their shares by phase, and who belongs where."""

    experiment: Experiment
    shares: Shares
    known: dict[int, Assigned] = field(default_factory=dict)
    as_visitor: dict[int, Assigned] = field(default_factory=dict)
    new: dict[int, datetime] = field(default_factory=dict)

    def shares_for(self, audience: uuid.UUID | None) -> Mapping[str, float]:
        """The shares of an audience's new customers."""
        return self.shares.by_phase[self.shares.phase_of(audience)]

    def assigned(self, customer: Person, *, audience: uuid.UUID, at: datetime) -> Assigned:
        """The variant that is kept; at the first time the one that is drawn."""
        if customer.pk not in self.known:
            self.known[customer.pk] = self.would_be(customer, audience=audience)
            self.new[customer.pk] = at
        return self.known[customer.pk]

    def would_be(self, customer: Person, *, audience: uuid.UUID) -> Assigned:
        """Where the customer belongs, or would if it were assigned now."""
        kept = self.known.get(customer.pk) or self.as_visitor.get(customer.pk)
        return kept or self._draw(customer, audience=audience)

    def remember(
        self, customer: int, *, variant: str, phase: int, as_visitor: bool = False
    ) -> None:
        """Take in what stands."""
        shares = self.shares.by_phase.get(phase) or self.shares_for(None)
        share = shares.get(variant, 0.0)
        book = self.as_visitor if as_visitor else self.known
        book[customer] = Assigned(variant, phase, share)

    def _draw(self, customer: Person, *, audience: uuid.UUID) -> Assigned:
        bucket = bucket_of(customer.external_id, self.experiment.salt)
        phase, shares = self.shares.phase_of(audience), self.shares_for(audience)
        name = choose_variant(bucket, shares)
        return Assigned(name, phase, shares[name], bucket)


def arms_of(experiments: Collection[Experiment]) -> dict[uuid.UUID, Arms]:
    """These experiments with the shares of their phases, and nobody in them."""
    return arms_with(experiments, shares=experiment_shares(experiments))


def arms_with(
    experiments: Iterable[Experiment],
    *,
    shares: Mapping[uuid.UUID, Shares],
    belongings: Iterable[Belonging] = (),
) -> dict[uuid.UUID, Arms]:
    """These experiments, with what stands of some customers' assignments.

    A visitor's variant holds for the customer that the visitor turned out to be.
    """
    arms = {each.pk: Arms(each, shares[each.pk]) for each in experiments}
    for experiment, customer, variant, phase, as_visitor in belongings:
        if experiment in arms:
            arms[experiment].remember(customer, variant=variant, phase=phase, as_visitor=as_visitor)
    return arms


def drawn_in(arms: Iterable[Arms], *, variants: Mapping[tuple[uuid.UUID, str], int]) -> list[Drawn]:
    """Who was drawn into which variant and is to be kept there."""
    return [
        Drawn(
            each.experiment.pk,
            customer,
            variants[each.experiment.pk, each.known[customer].variant],
            each.known[customer].phase,
            at,
        )
        for each in arms
        for customer, at in each.new.items()
    ]
