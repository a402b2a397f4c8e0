"""New weights from what was learned: Thompson sampling over beliefs, and best-arm stopping.

Arm (rates), GaussianArm (means), LinearArms (by what is known of the customer)
Delays, arm_of: a customer whose conversion may yet arrive counts in part
"""

from launchopt_core.bandit.arms import (
    DRAWS,
    FLOOR,
    PRIOR,
    Arm,
    Belief,
    GaussianArm,
    best_arm,
    chances_to_be_best,
    thompson_weights,
)
from launchopt_core.bandit.contextual import LinearArms
from launchopt_core.bandit.delays import Delays, arm_of

__all__ = [
    "DRAWS",
    "FLOOR",
    "PRIOR",
    "Arm",
    "Belief",
    "Delays",
    "GaussianArm",
    "LinearArms",
    "arm_of",
    "best_arm",
    "chances_to_be_best",
    "thompson_weights",
]
