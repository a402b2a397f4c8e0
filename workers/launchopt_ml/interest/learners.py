"""The ways to learn interest that a person can choose between, by name."""

from __future__ import annotations

from typing import TypeAlias

from launchopt_ml.interest.model import LaunchInterest
from launchopt_ml.interest.parameters import Parameters
from launchopt_ml.interest.text_pair import Progress, TextPairInterest

Learner: TypeAlias = LaunchInterest | TextPairInterest
LEARNERS: dict[str, type[Learner]] = {"launch": LaunchInterest, "text-pair": TextPairInterest}
DEFAULT = "launch"


def fresh(
    name: str, *, encoder: str, progress: Progress, parameters: Parameters | None = None
) -> Learner:
    """One of LEARNERS, not yet fitted; what takes minutes tells its steps."""
    if LEARNERS[name] is TextPairInterest:
        return TextPairInterest(encoder, progress=progress)
    return LaunchInterest(parameters)


def learner_named(name: str) -> type[Learner]:
    """By the name that a model's card gives. Raises KeyError."""
    return {learner.name: learner for learner in LEARNERS.values()}[name]
