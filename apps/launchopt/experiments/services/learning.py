"""Weights that results speak for: put in force, or laid before a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from numpy.random import Generator

from launchopt.audiences.models import Audience
from launchopt.conf import launchopt_settings
from launchopt.experiments import selectors
from launchopt.experiments.arrivals import Arms, arms_by_audience, arms_seen
from launchopt.experiments.models import Experiment, Phase, Proposal
from launchopt.experiments.services.weighing import change_weights
from launchopt.operations.errors import Conflict
from launchopt.operations.services import actor_name
from launchopt_core.bandit import thompson_weights

SMALLEST_CHANGE = 0.01  # weights that move less open no phase


@dataclass(frozen=True)
class Learned:
    """Weights for an audience, or for everybody, and what they were learned from."""

    audience: Audience | None
    weights: dict[str, float]
    reason: str


def weights_learned(
    experiment: Experiment,
    *,
    now: datetime,
    rng: Generator,
    audiences: Collection[Audience] = (),
) -> list[Learned]:
    """Weights by Thompson sampling over what was seen before `now`, and why.

    For each audience where there are several, else for everybody; those that hardly move are left
    out. The control keeps its share: it is there to measure, not to win. The others share the rest
    by their chance to convert best, each with at least the exploration floor. Who was assigned of
    late counts in part, so that no variant is worse for being young.
    """
    shares = selectors.experiment_shares([experiment])[experiment.pk]
    control, found = selectors.control_of(experiment).name, []
    for audience, arms in _seen(experiment, audiences, until=now):
        current = shares.by_phase[shares.phase_of(audience.pk if audience else None)]
        weights = _weights(arms, current, control=control, rng=rng)
        if weights:
            found.append(Learned(audience, weights, _reason(arms)))
    return found


def learn_weights(
    *,
    experiment: Experiment,
    now: datetime,
    rng: Generator,
    by: Any = None,
    audiences: Collection[Audience] = (),
) -> list[Phase]:
    """Open a phase for each audience, or everybody, whose learned weights differ."""
    return [
        change_weights(
            experiment=experiment,
            weights=learned.weights,
            now=now,
            reason=learned.reason,
            by=by,
            audience=learned.audience,
        )
        for learned in weights_learned(experiment, now=now, rng=rng, audiences=audiences)
    ]


@transaction.atomic
def propose_weights(
    *,
    experiment: Experiment,
    now: datetime,
    rng: Generator,
    audiences: Collection[Audience] = (),
) -> list[Proposal]:
    """Lay the weights that were learned before a person; they take the place of older proposals.

    Nothing changes until the person says yes.
    """
    return [
        Proposal.objects.update_or_create(
            experiment=experiment,
            audience=learned.audience,
            decided_at=None,
            defaults={
                "weights": learned.weights,
                "reason": learned.reason[:300],
                "proposed_at": now,
            },
        )[0]
        for learned in weights_learned(experiment, now=now, rng=rng, audiences=audiences)
    ]


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
        experiment=locked.experiment,
        weights=locked.weights,
        now=now,
        reason=locked.reason,
        by=by,
        audience=locked.audience,
    )


def shared_out(
    chances: Mapping[str, float], current: Mapping[str, float], *, control: str
) -> dict[str, float]:
    """What the control leaves, shared by these chances, which sum to 1; the control keeps its."""
    rest = 1 - current[control]
    return {control: current[control]} | {name: rest * each for name, each in chances.items()}


def _seen(
    experiment: Experiment, audiences: Collection[Audience], *, until: datetime
) -> list[tuple[Audience | None, Arms]]:
    """What each variant has shown: to each of several audiences, else to everybody."""
    if len(audiences) < 2:
        return [(None, arms_seen(experiment, until=until))]
    arms = arms_by_audience(experiment, audiences=[each.pk for each in audiences], until=until)
    return [(audience, arms[audience.pk]) for audience in audiences]


def _weights(
    arms: Arms, current: Mapping[str, float], *, control: str, rng: Generator
) -> dict[str, float] | None:
    """None where there is nothing to choose, or hardly anything would change."""
    if len(arms) < 2 or current[control] >= 1:
        return None
    floor = min(launchopt_settings().exploration_floor, 1 / len(arms))
    weights = shared_out(thompson_weights(arms, rng, floor=floor), current, control=control)
    moved = max(abs(weights[name] - current.get(name, 0.0)) for name in weights)
    return weights if moved >= SMALLEST_CHANGE else None


def _reason(arms: Arms) -> str:
    told = ", ".join(f"{name} {arm.successes:g} of {arm.trials:.0f}" for name, arm in arms.items())
    return f"Thompson sampling: {told} bought, of those who had had the time."
