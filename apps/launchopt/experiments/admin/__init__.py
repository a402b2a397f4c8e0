"""Experiments, metrics and what they showed, in the admin."""

from launchopt.experiments.admin.experiments import ExperimentAdmin
from launchopt.experiments.admin.metrics import MetricAdmin, MetricRollupAdmin, MomentRollupAdmin
from launchopt.experiments.admin.proposals import ProposalAdmin

__all__ = [
    "ExperimentAdmin",
    "MetricAdmin",
    "MetricRollupAdmin",
    "MomentRollupAdmin",
    "ProposalAdmin",
]
