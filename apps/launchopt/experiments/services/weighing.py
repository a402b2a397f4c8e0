"""New weights open a new phase and move nobody; the last change can be undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from launchopt.audiences.models import Audience
from launchopt.experiments import selectors
from launchopt.experiments.models import Experiment, Phase, Variant
from launchopt.experiments.services.phases import checked_weights, open_phase
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt.operations.services import record_audit


@transaction.atomic
def change_weights(
    *,
    experiment: Experiment,
    weights: Mapping[str, float],
    now: datetime,
    reason: str = "",
    by: Any = None,
    audience: Audience | None = None,
) -> Phase:
    """Open a phase with new weights, for one audience or everybody. Nobody assigned is moved.

    One for everybody ends the weights that audiences had of their own.
    """
    locked = Experiment.objects.select_for_update().get(pk=experiment.pk)
    if locked.status == Experiment.Status.STOPPED:
        raise Conflict("The weights of a stopped experiment cannot change.")
    variants = list(locked.variants.all())
    names = [variant.name for variant in variants]
    if set(weights) != set(names):
        raise InvalidInput.at("/weights", f"Give a weight for each of {', '.join(names)}.")
    shares = checked_weights(weights, control=selectors.control_of(locked).name)
    before = selectors.weights_in_force(locked, audience=audience.pk if audience else None)
    if audience is None:
        _write_shares(variants, shares)
    record_audit(
        action="change_weights",
        subject=f"experiment:{experiment.pk}",
        by=by,
        now=now,
        before=before,
        after=shares,
        note=f"{audience}: {reason}" if audience else reason,
    )
    return open_phase(locked, weights=shares, reason=reason, now=now, audience=audience)


@transaction.atomic
def undo_weights(*, experiment: Experiment, by: Any, now: datetime) -> list[Phase]:
    """Go back to the weights before the last change. Customers keep the variants that they have.

    Audiences that were changed together go back together. Raises Conflict where nothing was
    changed.
    """
    phases = list(experiment.phases.select_related("audience").order_by("number"))
    undone = _last_change(phases)
    former = selectors.in_force(phases[: -len(undone)])
    if not former:
        raise Conflict("The weights are as registered; there is nothing to undo.")
    if undone[0].audience is None:
        back = [(phase.audience, phase) for phase in former.values()]
    else:
        back = [(p.audience, former.get(p.audience_id, former[None])) for p in undone]
    told = ", ".join(str(phase.number) for phase in undone)
    return [
        change_weights(
            experiment=experiment,
            weights=phase.weights,
            now=now,
            reason=f"Undone: back to the weights of phase {phase.number}, before phase {told}.",
            by=by,
            audience=audience,
        )
        for audience, phase in back
    ]


def _last_change(phases: Sequence[Phase]) -> Sequence[Phase]:
    """The last phase, with those of other audiences that were opened with it."""
    first = len(phases) - 1
    while phases[first].audience_id and phases[first - 1].audience_id:
        if phases[first - 1].opened_at != phases[-1].opened_at:
            break
        first -= 1
    return phases[first:]


def _write_shares(variants: Sequence[Variant], shares: Mapping[str, float]) -> None:
    for variant in variants:
        variant.weight = shares.get(variant.name, 0.0)
    Variant.objects.bulk_update(variants, ["weight"])
