"""The three ways to read the same difference, side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from launchopt_core.errors import InvalidRate
from launchopt_core.inference import bayesian, fixed, sequential
from launchopt_core.inference.corrections import Correction
from launchopt_core.inference.differences import Difference
from launchopt_core.inference.samples import Bools, Floats

ALPHA = 0.05


class Method(StrEnum):
    """One look at a planned time; a look at any time; a belief."""

    FIXED = "fixed"
    SEQUENTIAL = "sequential"
    BAYESIAN = "bayesian"


@dataclass(frozen=True)
class Terms:
    """How differences are to be read."""

    method: Method = Method.FIXED
    alpha: float = ALPHA
    tuning: float = sequential.TUNING  # of the sequential method, in units
    correction: Correction = Correction.NONE

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise InvalidRate(f"alpha lies between 0 and 1, not at {self.alpha}.")
        sequential.rho(self.alpha, self.tuning)
        if self.method is Method.BAYESIAN and self.correction is not Correction.NONE:
            raise InvalidRate(
                "The Bayesian method has no p-values to correct; choose fixed or sequential."
            )


@dataclass(frozen=True)
class Reading:
    """What a method says of differences: the interval, absolute and relative, and the p-value."""

    low: Floats
    high: Floats
    relative_low: Floats
    relative_high: Floats
    p_value: Floats  # NaN under the Bayesian method
    chance_to_win: Floats
    expected_loss: Floats

    @property
    def is_conclusive(self) -> Bools:
        """Whether the interval leaves zero out; one that includes it, or touches it, does not."""
        return (self.low > 0) | (self.high < 0)


def read(difference: Difference, terms: Terms) -> Reading:
    """Every difference by one method. Beliefs stand beside it whatever the method."""
    reach, relative = _reach(terms), difference.relative
    around, share = reach(difference), reach(relative)
    return Reading(
        low=difference.estimate - around,
        high=difference.estimate + around,
        relative_low=relative.estimate - share,
        relative_high=relative.estimate + share,
        p_value=_p_value(difference, terms),
        chance_to_win=bayesian.chance_to_win(difference),
        expected_loss=bayesian.expected_loss(difference),
    )


def _reach(terms: Terms) -> Callable[[Difference], Floats]:
    return {
        Method.FIXED: lambda difference: fixed.reach(difference, terms.alpha),
        Method.SEQUENTIAL: lambda d: sequential.reach(d, terms.alpha, terms.tuning),
        Method.BAYESIAN: lambda difference: bayesian.reach(difference, terms.alpha),
    }[terms.method]


def _p_value(difference: Difference, terms: Terms) -> Floats:
    if terms.method is Method.FIXED:
        return fixed.p_value(difference)
    if terms.method is Method.SEQUENTIAL:
        return sequential.p_value(difference, terms.alpha, terms.tuning)
    return np.full(difference.estimate.shape, np.nan)
