"""One look at a time that was fixed beforehand: Student's t or the normal, two-sided."""

from __future__ import annotations

import numpy as np
from scipy import special

from launchopt_core.inference.differences import Difference
from launchopt_core.inference.samples import Floats


def p_value(difference: Difference) -> Floats:
    """Of no difference, two-sided."""
    tail = special.stdtr(difference.degrees, -np.abs(difference.statistic))
    return np.asarray(2 * tail, dtype=np.float64)


def reach(difference: Difference, alpha: float) -> Floats:
    """Half the width of the interval of confidence 1 - alpha."""
    quantile = -special.stdtrit(difference.degrees, alpha / 2)
    return np.asarray(quantile * difference.standard_error, dtype=np.float64)
