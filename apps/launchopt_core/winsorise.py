"""Outliers drawn in to a limit: kept and counted, but no longer deciding a mean by themselves."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from launchopt_core.errors import InvalidRate

LOWER = 0.0
UPPER = 0.999
WIDE_OPEN = float("inf")


@dataclass(frozen=True)
class Limits:
    """Values below `low` count as `low`, values above `high` as `high`."""

    low: float
    high: float

    def applied_to(self, values: ArrayLike) -> NDArray[np.float64]:
        """The values within the limits, in the same order.

        >>> Limits(0, 10).applied_to([-5, 5, 80_995]).tolist()
        [0.0, 5.0, 10.0]
        """
        drawn: NDArray[np.float64] = np.asarray(values, dtype=float).clip(self.low, self.high)
        return drawn

    def outliers(self, values: ArrayLike) -> NDArray[np.bool_]:
        """Which values lie outside."""
        array = np.asarray(values, dtype=float)
        return (array < self.low) | (array > self.high)


def limits_of(values: ArrayLike, lower: float = LOWER, upper: float = UPPER) -> Limits:
    """The limits at two quantiles of the values; without values, no limits.

    The upper quantile is the value itself at or above it, the lower the one at or below, so that
    a limit is always a value somebody really had.

    >>> limits_of(range(1, 1001), upper=0.99)
    Limits(low=1.0, high=991.0)
    """
    if not 0 <= lower < upper <= 1:
        raise InvalidRate(f"Quantiles lie in order between 0 and 1, not {lower} and {upper}.")
    array = np.asarray(values, dtype=float)
    if array.size == 0:
        return Limits(-WIDE_OPEN, WIDE_OPEN)
    if not np.isfinite(array).all():
        raise InvalidRate("Values to find limits of are finite.")
    low = np.quantile(array, lower, method="lower")
    high = np.quantile(array, upper, method="higher")
    return Limits(float(low), float(high))


def winsorised(
    values: ArrayLike, lower: float = LOWER, upper: float = UPPER
) -> NDArray[np.float64]:
    """The values drawn in to their own limits (Tukey, 1962, The future of data analysis).

    >>> winsorised([1, 2, 3, 74_215], upper=0.5).tolist()
    [1.0, 2.0, 3.0, 3.0]
    """
    return limits_of(values, lower, upper).applied_to(values)
