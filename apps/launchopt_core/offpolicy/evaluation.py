"""Four estimates of a policy's value, each with its interval, and whether it may be promoted."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.random import Generator
from scipy import special

from launchopt_core.errors import InvalidRate
from launchopt_core.offpolicy.logs import Floats, Log, Policy
from launchopt_core.offpolicy.rewards import Expectation, leaning

ALPHA = 0.05
FOLDS = 5
WIDEST = 1.18  # times the plain interval, that one turned by skewness may be
NEGLIGIBLE = 1e-6  # skewness of a mean
ERRORS = 3.0  # standard errors, beyond which weights miss their mean by more than chance
FEWEST_EFFECTIVE = 200.0  # rows, below which no policy is promoted
MOST_UNSEEN = 0.01  # of the policy's choices may be such as the log never shows


@dataclass(frozen=True)
class Valued:
    """An estimate of the mean reward of a row, and its interval."""

    value: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Evaluation:
    """What a policy would have earned per row, by four estimators."""

    ips: Valued
    snips: Valued
    direct: Valued
    doubly_robust: Valued
    gain: Valued  # doubly robust, over the policy in force
    on_policy: Valued
    effective_sample_size: float  # rows (Kish): (sum of weights)^2 / sum of squared weights
    unseen: float  # at least this share of the policy's choices can never be in the log


@dataclass(frozen=True)
class Promotion:
    """Whether the policy may take over, and why (not)."""

    allowed: bool
    reason: str


def evaluate(log: Log, policy: Policy, *, rng: Generator, alpha: float = ALPHA) -> Evaluation:
    """Judge a policy by the log of another.

    - `ips` weighs each reward by how much likelier its action is (Horvitz and Thompson, 1952);
    - `snips` divides by the mean weight (Swaminathan and Joachims, 2015);
    - `direct` trusts a model of the reward; its interval holds the model's own error by the delta
      method;
    - `doubly_robust` corrects the model by the weighted residuals, the model being fitted on the
      other folds (`rng` draws them), so that it need not be right (Dudik et al., 2014).

    Intervals are Student's with as many degrees as there are effective rows, less one, turned by
    the skewness of the mean. Raises InvalidRate where the policy chooses nothing that was logged.
    """
    if not 0 < alpha < 1:
        raise InvalidRate(f"alpha lies between 0 and 1, not at {alpha}.")
    weights = policy.weights(log)
    if not (weights > 0).any():
        raise InvalidRate("The policy never chooses an action that the log shows in its context.")
    effective = effective_size(weights)
    model = Expectation.of(log)
    lever = model.leverage(log, policy)
    robust = _doubly_robust(log, policy, weights, rng)

    def valued(parts: Floats, rows: float = effective) -> Valued:
        return _valued(parts, max(rows - 1, 1.0), alpha)

    return Evaluation(
        ips=valued(weights * log.reward),
        snips=valued(_self_normalised(log, weights)),
        direct=valued(_direct(log, policy, model, lever), effective_size(lever)),
        doubly_robust=valued(robust),
        gain=valued(robust - log.reward),
        on_policy=valued(log.reward, len(log)),
        effective_sample_size=effective,
        unseen=_unseen(log, policy, weights),
    )


def effective_size(weights: Floats) -> float:
    """How many rows of equal weight say as much (Kish, 1965, Survey Sampling).

    >>> effective_size(np.array([1.0, 1.0, 1.0, 3.0]))
    3.0
    """
    return float(weights.sum() ** 2 / (weights**2).sum())


def promotion(evaluation: Evaluation, *, fewest: float = FEWEST_EFFECTIVE) -> Promotion:
    """Whether the log speaks for the policy; the first reason against it wins."""
    if evaluation.effective_sample_size < fewest:
        return Promotion(
            False,
            f"the effective sample is too small: {evaluation.effective_sample_size:,.0f} rows "
            f"speak of this policy, and {fewest:,.0f} are needed",
        )
    if evaluation.unseen > MOST_UNSEEN:
        return Promotion(
            False, f"at least {100 * evaluation.unseen:.1f} % of its choices the log never shows"
        )
    if evaluation.gain.interval[0] <= 0:
        return Promotion(False, "it is not shown to earn more than the policy in force")
    return Promotion(True, "it earns more than the policy in force, beyond chance")


def _self_normalised(log: Log, weights: Floats) -> Floats:
    """The ratio's value, with each row's part in its error (delta method)."""
    value = (weights * log.reward).sum() / weights.sum()
    return np.asarray(value + weights * (log.reward - value) / weights.mean(), dtype=np.float64)


def _direct(log: Log, policy: Policy, model: Expectation, lever: Floats) -> Floats:
    """The model's value, with each row's part in its error: by its context, and by its reward."""
    of_context = (policy.probability * model.reward).sum(axis=1)[log.context]
    error = lever * model.residuals(log)
    return np.asarray(of_context + error - error.mean(), dtype=np.float64)


def _doubly_robust(log: Log, policy: Policy, weights: Floats, rng: Generator) -> Floats:
    fold = rng.permutation(len(log)) % FOLDS
    parts = np.empty(len(log))
    for number in range(FOLDS):
        own = fold == number
        expected = leaning(log.rows(~own))
        of_context = (policy.probability * expected).sum(axis=1)[log.context[own]]
        residual = log.reward[own] - expected[log.context[own], log.action[own]]
        parts[own] = of_context + weights[own] * residual
    return parts


def _valued(parts: Floats, degrees: float, alpha: float) -> Valued:
    value, spread = float(parts.mean()), float(parts.std(ddof=1))
    error = spread / sqrt(len(parts))
    reach = -float(special.stdtrit(degrees, alpha / 2))
    below, above = _turned(reach, _skewness(parts, spread) / sqrt(len(parts)))
    return Valued(value, (value - below * error, value + above * error))


def _skewness(parts: Floats, spread: float) -> float:
    return float(((parts - parts.mean()) ** 3).mean()) / spread**3 if spread > 0 else 0.0


def _turned(reach: float, skew: float) -> tuple[float, float]:
    """How far an interval goes below and above, in errors, where few large parts skew the mean.

    Few rewards with large weights leave a mean that is more often too small than too large, and an
    error that is small with it. Hall (1992, On the removal of skewness by transformation, JRSS B
    54) turns the interval towards the long tail; no wider than `WIDEST` times the plain one.
    """
    if abs(skew) < NEGLIGIBLE:
        return reach, reach
    limits = [3 / skew * (np.cbrt(1 + skew * (side - skew / 6)) - 1) for side in (reach, -reach)]
    below, above = float(limits[0]), -float(limits[1])
    if skew > 0:
        return below, min(above, 2 * WIDEST * reach - below)
    return min(below, 2 * WIDEST * reach - above), above


def _unseen(log: Log, policy: Policy, weights: Floats) -> float:
    """At least this share of what the policy chooses was never to be seen in the log.

    Weights have the policy's probability as their mean where the log's policy tries everything; by
    how much they miss it, beyond three standard errors, is what it never tries.
    """
    most = weights.mean() + ERRORS * weights.std() / sqrt(len(log))
    chosen = policy.probability.sum(axis=1)[log.context].mean()
    return max(float(1 - most / chosen), 0.0)
