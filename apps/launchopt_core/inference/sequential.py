"""Looks at any time, as often as one likes: an asymptotic confidence sequence.

Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2021), Time-uniform central limit theory and
asymptotic confidence sequences, arXiv:2103.06476: the Gaussian mixture boundary (eq. 9 of v7), its
e-value (eq. 155), and the parameter that makes it tightest at a number of units (eq. 161).
"""

from __future__ import annotations

from math import log, sqrt

import numpy as np

from launchopt_core.errors import InvalidRate
from launchopt_core.inference.differences import Difference
from launchopt_core.inference.samples import Floats

TUNING = 5_000.0  # units of both groups at which the interval is tightest


def rho(alpha: float, tuning: float = TUNING) -> float:
    """The mixture's parameter for the number of units at which the sequence is tightest."""
    if not tuning > 0:
        raise InvalidRate(f"The tuning is a number of units above 0, not {tuning}.")
    return sqrt((-2 * log(alpha) + log(-2 * log(alpha) + 1)) / tuning)


def reach(difference: Difference, alpha: float, tuning: float = TUNING) -> Floats:
    """Half the width of the interval that holds the truth at every look with 1 - alpha."""
    grown = difference.units * rho(alpha, tuning) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = 2 * (grown + 1) / grown * np.log(np.sqrt(grown + 1) / alpha)
        return np.asarray(difference.standard_error * np.sqrt(factor), dtype=np.float64)


def p_value(difference: Difference, alpha: float, tuning: float = TUNING) -> Floats:
    """Of no difference, valid at every look: the inverse of the mixture's e-value.

    It is below alpha exactly where the interval leaves zero out.
    """
    grown = difference.units * rho(alpha, tuning) ** 2
    evidence = difference.statistic**2 * grown / (2 * (grown + 1)) - np.log(grown + 1) / 2
    return np.minimum(np.exp(-evidence), 1.0)
