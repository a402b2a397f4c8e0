"""What to believe of a difference, under a flat prior on its absolute size: a normal belief."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
from scipy import special

from launchopt_core.inference.differences import Difference
from launchopt_core.inference.samples import Floats


def chance_to_win(difference: Difference) -> Floats:
    """The probability that treatment is better; NaN where the error is not a number."""
    known = np.isfinite(difference.standard_error)
    chance = np.where(known, special.ndtr(difference.statistic), np.nan)
    return np.asarray(chance, dtype=np.float64)


def expected_loss(difference: Difference) -> Floats:
    """What choosing treatment costs on average if it is worse: E[max(0, -difference)]."""
    z = difference.statistic
    density = np.exp(-z * z / 2) / sqrt(2 * pi)
    loss = difference.standard_error * (density - z * special.ndtr(-z))
    return np.asarray(np.maximum(loss, 0.0), dtype=np.float64)


def reach(difference: Difference, alpha: float) -> Floats:
    """Half the width of the interval believed with 1 - alpha."""
    return np.asarray(-special.ndtri(alpha / 2) * difference.standard_error, dtype=np.float64)
