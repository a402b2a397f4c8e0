"""A policy that the log speaks for takes over; one that it does not is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from launchopt.audiences.models import Audience
from launchopt.conf import launchopt_settings
from launchopt.experiments import selectors
from launchopt.experiments.models import Experiment, Phase
from launchopt.experiments.services.learning import shared_out
from launchopt.experiments.services.weighing import change_weights
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt_core.offpolicy import Promotion


@dataclass(frozen=True)
class Judged:
    """Which variants a policy chooses, for an audience or for everybody, and what its log says."""

    audience: Audience | None
    chances: Mapping[str, float]
    promotion: Promotion


@transaction.atomic
def promote_policy(
    *, experiment: Experiment, judged: Sequence[Judged], by: Any, now: datetime
) -> list[Phase]:
    """Give new customers the variants of a policy where the launch's own log speaks for it.

    Audiences for which it does not keep their weights. The control keeps its share, and each other
    variant at least the exploration floor, so that the next policy can be judged too. Raises
    Conflict where all are refused, such as for effective samples that are too small, and
    InvalidInput where the policy chooses no variant.
    """
    allowed = [each for each in judged if each.promotion.allowed]
    if not allowed:
        told = "; ".join(_refused(each) for each in judged)
        raise Conflict(f"Promotion refused: {told}.")
    return [
        change_weights(
            experiment=experiment,
            weights=_weights(experiment, each),
            now=now,
            reason=f"Policy promoted: {each.promotion.reason}.",
            by=by,
            audience=each.audience,
        )
        for each in allowed
    ]


def _refused(judged: Judged) -> str:
    whose = f"of {judged.audience.name}, " if judged.audience else ""
    return f"{whose}{judged.promotion.reason}"


def _weights(experiment: Experiment, judged: Judged) -> dict[str, float]:
    audience = judged.audience.pk if judged.audience else None
    current = selectors.weights_in_force(experiment, audience=audience)
    control = selectors.control_of(experiment).name
    others = [name for name in current if name != control]
    total = sum(judged.chances.get(name, 0.0) for name in others)
    if total <= 0:
        raise InvalidInput(f"The policy chooses none of the variants {', '.join(others)}.")
    floor = min(launchopt_settings().exploration_floor, 1 / len(others))
    chances = {
        n: floor + (1 - len(others) * floor) * judged.chances.get(n, 0.0) / total for n in others
    }
    return shared_out(chances, current, control=control)
