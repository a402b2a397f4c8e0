"""What was registered changes only before the start, and never silently."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from launchopt.experiments.models import Experiment
from launchopt.experiments.services.registering import check_effect, check_end
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt.operations.services import record_audit

OPEN_TERMS = (
    "name",
    "minimum_detectable_effect",
    "planned_sample_size",
    "stopping_rule",
    "counts_from",
    "alpha",
    "power",
    "ends_at",
)


def change_experiment(
    *, experiment: Experiment, changes: Mapping[str, Any], by: Any, now: datetime
) -> Experiment:
    """Change terms of an experiment that has not started.

    Afterwards it raises Conflict, and the audit trail tells that somebody tried: terms that move
    while results come in prove nothing.
    """
    if unknown := sorted(set(changes) - set(OPEN_TERMS)):
        raise InvalidInput.at(f"/{unknown[0]}", f"Only {', '.join(OPEN_TERMS)} can be changed.")
    check_effect(changes.get("minimum_detectable_effect"))
    check_end(changes.get("ends_at"), starts_at=experiment.starts_at or now)
    if not _change(experiment, changes, by=by, now=now):
        told = {name: _plain(value) for name, value in changes.items()}
        _record("refuse_change", experiment, by=by, now=now, after=told)
        raise Conflict(
            "The experiment was registered and has started; its terms cannot change. Stop it and "
            "register another."
        )
    return experiment


@transaction.atomic
def _change(experiment: Experiment, changes: Mapping[str, Any], *, by: Any, now: datetime) -> bool:
    locked = Experiment.objects.select_for_update().get(pk=experiment.pk)
    if locked.status != Experiment.Status.DRAFT:
        return False
    before = {name: _plain(getattr(locked, name)) for name in changes}
    for name, value in changes.items():
        setattr(experiment, name, value)
    experiment.save(update_fields=list(changes))
    after = {name: _plain(value) for name, value in changes.items()}
    _record("change_experiment", experiment, by=by, now=now, before=before, after=after)
    return True


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _record(action: str, experiment: Experiment, **told: Any) -> None:
    record_audit(action=action, subject=f"experiment:{experiment.pk}", **told)
