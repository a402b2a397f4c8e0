"""Whom a contact moves: the effect of a treatment on each customer, from a randomised trial.

    Trial -> cross_fitted(learners) -> out-of-fold uplift -> judged (Qini, uplift at k)

    past launches -> LaunchUplift -> what a contact of a new launch adds for each customer

Treatment has to have been left to chance. Where it was not, these are differences, not effects.
"""

from launchopt_ml.uplift.launches import Expected, LaunchUplift
from launchopt_ml.uplift.learners import LEARNERS, Uplift
from launchopt_ml.uplift.past import PastLaunch
from launchopt_ml.uplift.qini import Judgement, judged, qini
from launchopt_ml.uplift.trial import TooSmallTrial, Trial, cross_fitted, folds_of

__all__ = [
    "LEARNERS",
    "Expected",
    "Judgement",
    "LaunchUplift",
    "PastLaunch",
    "TooSmallTrial",
    "Trial",
    "Uplift",
    "cross_fitted",
    "folds_of",
    "judged",
    "qini",
]
