"""Questions about experiments: which weights are in force, and who belongs where."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from launchopt.experiments.models import Assignment, Experiment, Phase, Variant


@dataclass(frozen=True)
class Shares:
    """The variants' shares in each phase, and the phase that each audience's customers enter."""

    by_phase: Mapping[int, Mapping[str, float]]
    in_force: Mapping[UUID | None, int]  # None: of everybody whose audience has none of its own

    def phase_of(self, audience: UUID | None) -> int:
        """The phase in which a new customer of an audience is drawn."""
        return self.in_force.get(audience, self.in_force[None])


def experiment_shares(experiments: Collection[Experiment]) -> dict[UUID, Shares]:
    """The shares of these experiments, in one query."""
    found: dict[UUID, list[Phase]] = {experiment.pk: [] for experiment in experiments}
    for phase in Phase.objects.filter(experiment__in=found).order_by("number"):
        found[phase.experiment_id].append(phase)
    return {
        key: Shares(
            {phase.number: phase.weights for phase in phases},
            {audience: phase.number for audience, phase in in_force(phases).items()},
        )
        for key, phases in found.items()
    }


def in_force(phases: Iterable[Phase]) -> dict[UUID | None, Phase]:
    """The last phase of everybody (None), and those of audiences that were opened after it."""
    found: dict[UUID | None, Phase] = {}
    for phase in phases:
        if phase.audience_id is None:
            found.clear()
        found[phase.audience_id] = phase
    return found


def phase_in_force(experiment: Experiment, *, audience: UUID | None = None) -> Phase:
    """The phase in which new customers are drawn, of an audience or of everybody else."""
    found = in_force(experiment.phases.order_by("number"))
    return found.get(audience, found[None])


def phase_weights(experiment: Experiment) -> dict[int, dict[str, float]]:
    """Phase -> variant name -> share of the customers assigned in it."""
    return {phase.number: dict(phase.weights) for phase in experiment.phases.all()}


def weights_in_force(experiment: Experiment, *, audience: UUID | None = None) -> dict[str, float]:
    """Variant name -> share of new customers, of an audience or of everybody else."""
    return dict(phase_in_force(experiment, audience=audience).weights)


def control_of(experiment: Experiment) -> Variant:
    """The variant that the others are compared with."""
    return next(variant for variant in experiment.variants.all() if variant.is_control)


def with_terms(experiment: Experiment) -> Experiment:
    """The experiment as it is now, its variants, phases and metric read once for many questions."""
    rows = Experiment.objects.select_related("primary_metric")
    return rows.prefetch_related("variants", "phases").get(pk=experiment.pk)


def experiment_of(subject_id: Any) -> Experiment | None:
    """The experiment that measures a launch, if any."""
    return Experiment.objects.filter(subject_id=subject_id).first()


def assignments_of(
    experiment: Experiment, customer_ids: Collection[int]
) -> dict[int, tuple[str, int]]:
    """Customer -> variant name and phase, for those who are assigned."""
    rows = Assignment.objects.filter(experiment=experiment, customer__in=customer_ids)
    return {
        customer: (variant, phase)
        for customer, variant, phase in rows.values_list("customer_id", "variant__name", "phase")
    }


def assignments_of_visitors(
    experiment: Experiment, customer_ids: Collection[int]
) -> dict[int, tuple[str, int]]:
    """Customer -> where the visitor that they were before logging in belonged."""
    rows = Assignment.objects.filter(
        experiment=experiment, customer__merged_into__in=customer_ids
    ).order_by("-assigned_at")
    return {
        customer: (variant, phase)
        for customer, variant, phase in rows.values_list(
            "customer__merged_into_id", "variant__name", "phase"
        )
    }
