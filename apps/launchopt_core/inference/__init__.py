"""Did it work? Differences with their intervals, the check of the groups, and a plain verdict.

    sample = what groups of units have shown  (`Sample`, from sums or exact moments)
    compare(control, treatment) -> difference  (means, shares, ratios, with CUPED)
    Analysis.of(comparisons, terms)            (fixed, sequential or Bayesian; corrected)

Everything is an array over comparisons: a thousand metrics are one call.
"""

from launchopt_core.inference.corrections import Correction, adjusted
from launchopt_core.inference.differences import (
    Difference,
    Outcome,
    compare,
    difference_of,
    outcome_of,
)
from launchopt_core.inference.guardrails import guarded
from launchopt_core.inference.methods import ALPHA, Method, Reading, Terms, read
from launchopt_core.inference.quantiles import Quantile, quantile_interval, quantile_of
from launchopt_core.inference.reports import Analysis, Comparisons, Labels, or_none, pairs
from launchopt_core.inference.sample_ratio import SAMPLE_RATIO_ALPHA, SampleRatio, sample_ratio
from launchopt_core.inference.samples import Companion, Kind, Sample, Sums
from launchopt_core.inference.strata import (
    PairedStratum,
    Stratum,
    outcome_of_strata,
    outcomes_of_pair,
)
from launchopt_core.inference.verdicts import (
    FEWEST_EVENTS,
    Code,
    Conclusion,
    Evidence,
    verdicts,
)

__all__ = [
    "ALPHA",
    "FEWEST_EVENTS",
    "SAMPLE_RATIO_ALPHA",
    "Analysis",
    "Code",
    "Companion",
    "Comparisons",
    "Conclusion",
    "Correction",
    "Difference",
    "Evidence",
    "Kind",
    "Labels",
    "Method",
    "Outcome",
    "PairedStratum",
    "Quantile",
    "Reading",
    "Sample",
    "SampleRatio",
    "Stratum",
    "Sums",
    "Terms",
    "adjusted",
    "compare",
    "difference_of",
    "guarded",
    "or_none",
    "outcome_of",
    "outcome_of_strata",
    "outcomes_of_pair",
    "pairs",
    "quantile_interval",
    "quantile_of",
    "read",
    "sample_ratio",
    "verdicts",
]
