"""What another policy would have earned, told from the log of the one that was in force.

    Log, Policy -> evaluate -> Evaluation -> promotion

Dudik, Erhan, Langford and Li (2014), Doubly robust policy evaluation and optimization, Statistical
Science 29. Everything is per row of the log: one choice of one action, in one slot if there are.
"""

from launchopt_core.offpolicy.evaluation import (
    Evaluation,
    Promotion,
    Valued,
    evaluate,
    promotion,
)
from launchopt_core.offpolicy.logs import Log, Policy

__all__ = ["Evaluation", "Log", "Policy", "Promotion", "Valued", "evaluate", "promotion"]
