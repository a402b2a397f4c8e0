"""What results do to the audiences of a running launch, within what the launch allows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from launchopt import jobs
from launchopt.audiences.models import Audience
from launchopt.campaigns.models import Launch
from launchopt.experiments.parts import effects_by_audience
from launchopt.operations.alerts import open_alert
from launchopt.operations.errors import Conflict
from launchopt.operations.runs import record_run
from launchopt.operations.services import record_audit
from launchopt_core.inference import Code

HARMED = "audience_harmed"


def spoken_to(launch: Launch) -> list[Audience]:
    """The audiences that a launch contacts, oldest first."""
    found = Audience.objects.filter(campaigns__launch=launch, campaigns__is_active=True)
    return list(found.distinct().order_by("created_at", "pk"))


def harmed_audiences(launch: Launch, *, until: datetime) -> list[tuple[Audience, str]]:
    """Audiences that a launch makes buy less, beyond chance at every look, and what was measured.

    Those that it speaks to no longer are left out.
    """
    if launch.experiment is None:
        return []
    audiences = {str(audience.pk): audience for audience in spoken_to(launch)}
    if not audiences:
        return []
    rows = effects_by_audience(
        launch.experiment, audiences=[audience.pk for audience in audiences.values()], until=until
    )
    return [
        (audiences[row["group"]], _measured(row))
        for row in rows
        if row["code"] == Code.KEEP_CONTROL
    ]


def learn_audiences(*, launch: Launch, now: datetime) -> list[str]:
    """Stop speaking to audiences that the launch harms, or ask a person to; names of these.

    Each change is a run with its reason, and `speak_to_audience` undoes it.
    """
    if launch.feedback == Launch.Feedback.OFF:
        return []
    found = harmed_audiences(launch, until=now)
    for audience, measured in found:
        reason = f"{audience.name}: {measured}"
        if launch.feedback == Launch.Feedback.AUTO:
            stop_speaking_to(launch=launch, audience=audience, reason=reason, now=now)
        else:
            open_alert(
                code=HARMED,
                subject=f"launch:{launch.pk}",
                message=f"Stop speaking to {reason}"[:500],
                now=now,
            )
    return [audience.name for audience, _ in found]


@transaction.atomic
def stop_speaking_to(
    *, launch: Launch, audience: Audience, reason: str, now: datetime, by: Any = None
) -> None:
    """Let a launch contact an audience no more. Its money stays unspent; results go on counting."""
    campaigns = launch.campaigns.filter(audience=audience, is_active=True)
    _switch(launch, campaigns.values_list("pk", flat=True), to=False, by=by, now=now, note=reason)
    record_run(
        job=jobs.UPDATE_WEIGHTS,
        subject=f"launch:{launch.pk}",
        now=now,
        message=f"Stopped speaking to {reason}",
        result={"audience": str(audience.pk)},
    )


@transaction.atomic
def speak_to_audience(*, launch: Launch, audience: Audience, by: Any, now: datetime) -> None:
    """Undo it: contact the audience again. Raises Conflict where it is spoken to."""
    campaigns = launch.campaigns.filter(audience=audience, is_active=False)
    keys = list(campaigns.values_list("pk", flat=True))
    if not keys:
        raise Conflict(f"{launch} speaks to {audience.name} as it is; there is nothing to undo.")
    note = f"Undone: {audience.name} is spoken to again."
    _switch(launch, keys, to=True, by=by, now=now, note=note)


def _switch(
    launch: Launch, campaigns: Sequence[Any], *, to: bool, by: Any, now: datetime, note: str
) -> None:
    keys = list(campaigns)
    launch.campaigns.filter(pk__in=keys).update(is_active=to)
    record_audit(
        action="switch_audience",
        subject=f"launch:{launch.pk}",
        by=by,
        now=now,
        before={"is_active": not to},
        after={"is_active": to, "campaigns": [str(key) for key in keys]},
        note=note[:500],
    )


def _measured(row: dict[str, Any]) -> str:
    low, high = row["interval"]
    return (
        f"customers who could be contacted bought {-row['effect']:.4f} less each than those left "
        f"alone ({low:+.4f} to {high:+.4f}, at every look)"
    )
