"""Actions of experiments: register, start, stop, assign once, change weights, keep results."""

from launchopt.experiments.services.assigning import Assigned, assign, assign_named, join_customers
from launchopt.experiments.services.changing import change_experiment
from launchopt.experiments.services.exposing import record_exposures
from launchopt.experiments.services.learning import (
    decide_proposal,
    learn_weights,
    propose_weights,
)
from launchopt.experiments.services.placing import place_customers
from launchopt.experiments.services.promoting import Judged, promote_policy
from launchopt.experiments.services.recording import record_results
from launchopt.experiments.services.registering import (
    own_experiment,
    register_experiment,
    start_experiment,
    start_own,
    stop_experiment,
    stop_own,
)
from launchopt.experiments.services.weighing import change_weights, undo_weights

__all__ = [
    "Assigned",
    "Judged",
    "assign",
    "assign_named",
    "change_experiment",
    "change_weights",
    "decide_proposal",
    "join_customers",
    "learn_weights",
    "own_experiment",
    "place_customers",
    "promote_policy",
    "propose_weights",
    "record_exposures",
    "record_results",
    "register_experiment",
    "start_experiment",
    "start_own",
    "stop_experiment",
    "stop_own",
    "undo_weights",
]
