"""New weights open a new phase, by hand or by what was learned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from numpy.random import Generator

from launchopt.conf import launchopt_settings
from launchopt.experiments import selectors
from launchopt.experiments.arrivals import arms_seen
from launchopt.experiments.models import Experiment, Phase, Proposal, Variant
from launchopt.experiments.services.phases import checked_weights, open_phase
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt.operations.services import actor_name, record_audit
from launchopt_core.bandit import thompson_weights

SMALLEST_CHANGE = 0.01  # weights that move less open no phase


@transaction.atomic
def change_weights(
    *,
    experiment: Experiment,
    weights: Mapping[str, float],
    now: datetime,
    reason: str = "",
    by: Any = None,
) -> Phase:
    """Open a phase with new weights. Nobody already assigned is moved."""
    locked = Experiment.objects.select_for_update().get(pk=experiment.pk)
    if locked.status == Experiment.Status.STOPPED:
        raise Conflict("The weights of a stopped experiment cannot change.")
    variants = {variant.name: variant for variant in locked.variants.all()}
    control = next(name for name, variant in variants.items() if variant.is_control)
    if set(weights) != set(variants):
        raise InvalidInput.at("/weights", f"Give a weight for each of {', '.join(variants)}.")
    shares = checked_weights(weights, control=control)
    before = {name: variant.weight for name, variant in variants.items()}
    for name, variant in variants.items():
        variant.weight = shares.get(name, 0.0)
    Variant.objects.bulk_update(variants.values(), ["weight"])
    record_audit(
        action="change_weights",
        subject=f"experiment:{experiment.pk}",
        by=by,
        now=now,
        before=before,
        after=shares,
        note=reason,
    )
    return open_phase(locked, weights=shares, reason=reason, now=now)


def weights_learned(
    experiment: Experiment, *, now: datetime, rng: Generator
) -> tuple[dict[str, float], str] | None:
    """Weights by Thompson sampling over what was seen before `now`, and why; None where they stay.

    The control keeps its share: it is there to measure, not to win. The others share the rest by
    their chance to convert best, each with at least the exploration floor. Who was assigned of
    late counts in part, so that no variant is worse for being young.
    """
    current = selectors.weights_in_force(experiment)
    control = selectors.control_of(experiment).name
    arms = arms_seen(experiment, until=now)
    rest = 1 - current[control]
    if len(arms) < 2 or rest <= 0:
        return None
    floor = min(launchopt_settings().exploration_floor, 1 / len(arms))
    learned = thompson_weights(arms, rng, floor=floor)
    weights = {control: current[control]} | {name: w * rest for name, w in learned.items()}
    if max(abs(weights[name] - current.get(name, 0.0)) for name in weights) < SMALLEST_CHANGE:
        return None
    told = ", ".join(f"{name} {arm.successes:g} of {arm.trials:.0f}" for name, arm in arms.items())
    return weights, f"Thompson sampling: {told} bought, of those who had had the time."


def learn_weights(
    *, experiment: Experiment, now: datetime, rng: Generator, by: Any = None
) -> Phase | None:
    """Open a phase with the weights that were learned, if they differ from those in force."""
    learned = weights_learned(experiment, now=now, rng=rng)
    if learned is None:
        return None
    weights, reason = learned
    return change_weights(experiment=experiment, weights=weights, now=now, reason=reason, by=by)


@transaction.atomic
def propose_weights(*, experiment: Experiment, now: datetime, rng: Generator) -> Proposal | None:
    """Lay the weights that were learned before a person; they take the place of an older proposal.

    Nothing changes until the person says yes.
    """
    learned = weights_learned(experiment, now=now, rng=rng)
    if learned is None:
        return None
    weights, reason = learned
    proposal, _ = Proposal.objects.update_or_create(
        experiment=experiment,
        decided_at=None,
        defaults={"weights": weights, "reason": reason[:300], "proposed_at": now},
    )
    return proposal


@transaction.atomic
def decide_proposal(*, proposal: Proposal, accept: bool, by: Any, now: datetime) -> Phase | None:
    """Say yes, which opens a phase, or no. Raises Conflict where somebody has said it before."""
    locked = Proposal.objects.select_for_update().get(pk=proposal.pk)
    if locked.decided_at is not None:
        raise Conflict("This proposal has been decided already.")
    locked.decided_at, locked.is_accepted, locked.decided_by = now, accept, actor_name(by)
    locked.save(update_fields=["decided_at", "is_accepted", "decided_by"])
    if not accept:
        return None
    return change_weights(
        experiment=locked.experiment, weights=locked.weights, now=now, reason=locked.reason, by=by
    )


@transaction.atomic
def undo_weights(*, experiment: Experiment, by: Any, now: datetime) -> Phase:
    """Go back to the weights before the last change. Customers keep the variants that they have.

    Raises Conflict where nothing was changed.
    """
    phases = list(experiment.phases.order_by("-number")[:2])
    if len(phases) < 2:
        raise Conflict("The weights are as registered; there is nothing to undo.")
    last, former = phases
    reason = f"Undone: back to the weights of phase {former.number}, before phase {last.number}."
    return change_weights(
        experiment=experiment, weights=former.weights, now=now, reason=reason, by=by
    )
