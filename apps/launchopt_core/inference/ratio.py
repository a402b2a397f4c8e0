"""A ratio of two sums over units, such as revenue per order: its variance by the delta method.

Deng, Knoblich and Lu (2018), Applying the delta method in metric analytics, KDD.
"""

from __future__ import annotations

import numpy as np

from launchopt_core.inference.samples import Floats, Sample


def ratio_of(sample: Sample) -> Floats:
    """The sum of the numerator over that of the denominator; NaN where that is 0."""
    return sample.mean / _unless_zero(sample.denominator.mean)


def ratio_variance(sample: Sample) -> Floats:
    """The variance of the linearised ratio of one unit: (value - ratio * denominator) / mean."""
    below, rate = sample.denominator, ratio_of(sample)
    spread = sample.variance - 2 * rate * below.covariance + rate**2 * below.variance
    return np.maximum(spread, 0) / _unless_zero(below.mean) ** 2


def _unless_zero(mean: Floats) -> Floats:
    return np.where(mean == 0, np.nan, mean)
