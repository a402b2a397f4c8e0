"""Decisions of the log decided again, by the rules as they are now: is each what it was?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from math import isclose
from typing import Any

from launchopt.campaigns.models import Decision, Launch
from launchopt.campaigns.services.desk import POLICY
from launchopt.campaigns.services.inputs import decided_again

SHOWN_DIFFERENCES = 20
BLOCK = 5_000


@dataclass
class Replay:
    """How many decisions came out the same, and in what the first of the others differ."""

    decisions: int = 0
    same: int = 0
    different: int = 0
    by_another_policy: int = 0  # of an earlier version: not decided again
    differences: list[dict[str, Any]] = field(default_factory=list)


def replay_decisions(
    *, launch: Launch | None = None, since: datetime | None = None, until: datetime | None = None
) -> Replay:
    """Decide again what was decided, of one launch or of all, from `since` until before `until`."""
    rows = Decision.objects.order_by("decided_at")
    rows = rows.filter(launch=launch) if launch else rows
    rows = rows.filter(decided_at__gte=since) if since else rows
    rows = rows.filter(decided_at__lt=until) if until else rows
    replay = Replay()
    for decision in rows.iterator(chunk_size=BLOCK):
        replay.decisions += 1
        if decision.policy_version != POLICY:
            replay.by_another_policy += 1
            continue
        differences = list(differences_of(decision))
        replay.same += not differences
        replay.different += bool(differences)
        room = SHOWN_DIFFERENCES - len(replay.differences)
        replay.differences += differences[:room]
    return replay


def differences_of(decision: Decision) -> Iterator[dict[str, Any]]:
    """What comes out otherwise when it is decided again; it is of the policy as it is now."""
    again = decided_again(decision.inputs, decision.candidates)
    logged = {
        "reason": decision.reason,
        "variant": decision.variant,
        "creative": decision.creative_id and str(decision.creative_id),
        "propensity": decision.propensity,
    }
    for name, then in logged.items():
        now = getattr(again, name)
        is_same = isclose(then, now, rel_tol=1e-9) if name == "propensity" else then == now
        if not is_same:
            yield {"decision": str(decision.pk), "what": name, "then": then, "now": now}
