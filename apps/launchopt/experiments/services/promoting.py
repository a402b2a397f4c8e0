"""A policy that the log speaks for takes over; one that it does not is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from launchopt.conf import launchopt_settings
from launchopt.experiments import selectors
from launchopt.experiments.models import Experiment, Phase
from launchopt.experiments.services.weighing import change_weights
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt_core.offpolicy import Promotion


def promote_policy(
    *,
    experiment: Experiment,
    policy: Mapping[str, float],
    judged: Promotion,
    by: Any,
    now: datetime,
) -> Phase:
    """Give new customers the variants of a policy, that was judged by the launch's own log.

    The control keeps its share, and each other variant at least the exploration floor, so that the
    next policy can be judged too. Raises Conflict where promotion is refused, such as for an
    effective sample that is too small, and InvalidInput where the policy chooses no variant.
    """
    if not judged.allowed:
        raise Conflict(f"Promotion refused: {judged.reason}.")
    current = selectors.weights_in_force(experiment)
    control = selectors.control_of(experiment).name
    others = [name for name in current if name != control]
    total = sum(policy.get(name, 0.0) for name in others)
    if total <= 0:
        raise InvalidInput(f"The policy chooses none of the variants {', '.join(others)}.")
    floor = min(launchopt_settings().exploration_floor, 1 / len(others))
    shares = {n: floor + (1 - len(others) * floor) * policy.get(n, 0.0) / total for n in others}
    rest = 1 - current[control]
    weights = {control: current[control]} | {name: s * rest for name, s in shares.items()}
    reason = f"Policy promoted: {judged.reason}."
    return change_weights(experiment=experiment, weights=weights, now=now, reason=reason, by=by)
