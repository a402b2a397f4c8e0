"""Slices of an exclusion group: its experiments share no customer."""

from __future__ import annotations

from django.db import connection

from launchopt.experiments.models import Experiment
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt_core.assignment import bucket_of

ROUNDING = 1e-9


def free_slice(group: str, *, share: float) -> tuple[float, float]:
    """The first stretch of [0, 1) of this length that no open experiment of the group holds.

    Without a group everybody may take part. Two who ask at once get two slices. Raises InvalidInput
    for a share that is none, Conflict where no such stretch is left.
    """
    if not 0 < share <= 1:
        raise InvalidInput.at("/group_share", f"A share is above 0, at most 1, not {share:g}.")
    if not group:
        return 0.0, 1.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"launchopt:{group}"])
    held = Experiment.objects.filter(exclusion_group=group).exclude(
        status=Experiment.Status.STOPPED
    )
    free = 0.0
    for begin, end in held.order_by("slice_from").values_list("slice_from", "slice_until"):
        if begin - free >= share - ROUNDING:
            break
        free = max(free, end)
    if free + share > 1 + ROUNDING:
        raise Conflict(
            f"The group {group!r} has no slice of {share:.0%} left; stop one of its experiments or "
            "take a smaller share."
        )
    return free, min(free + share, 1.0)


def takes_part(experiment: Experiment, unit: str) -> bool:
    """Whether a customer, by the shop's id, falls into the experiment's slice of its group."""
    if not experiment.exclusion_group:
        return True
    bucket = bucket_of(unit, f"group:{experiment.exclusion_group}")
    return experiment.slice_from <= bucket < experiment.slice_until
