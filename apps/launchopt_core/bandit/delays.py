"""Conversions that have not arrived yet: a young variant is not worse for being young."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from launchopt_core.bandit.arms import PRIOR, Arm
from launchopt_core.errors import InvalidWindow

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Delays:
    """How long conversions take, as steps of a distribution over hours, days or any other unit.

    What takes longer than the oldest customer is old is not known of; the distribution is of those
    that arrive within that age.
    """

    at: Floats  # (steps,), ascending
    arrived: Floats  # (steps,), the share arrived by then; the last is 1

    @classmethod
    def learned(cls, delays: ArrayLike, ages: ArrayLike) -> Self:
        """From conversions that have arrived, each with its delay and its customer's age today.

        A customer of two days can only have converted within two: quick conversions are seen too
        often. The product-limit estimate for such right-truncated delays corrects that (Lagakos,
        Barraj and De Gruttola, 1988, Biometrika 75). It needs no model of the delay, and is one
        for all variants. Past launches, whose customers are old, belong among the conversions.
        Raises InvalidWindow for a delay that is negative or beyond its age.

        >>> delays = Delays.learned([1, 1, 1, 2], [1, 2, 2, 2])
        >>> delays.share_arrived([0.5, 1, 2]).round(3)
        array([0.   , 0.667, 1.   ])
        """
        seen, old = np.asarray(delays, dtype=float), np.asarray(ages, dtype=float)
        if ((seen < 0) | (seen > old) | ~np.isfinite(old)).any():
            raise InvalidWindow("A delay lies between 0 and the age of its customer.")
        at, ended = np.unique(seen, return_counts=True)
        # conversions at risk of having taken just so long: no slower, and old enough to show it
        sooner, younger = np.sort(seen), np.sort(old)
        at_risk = np.searchsorted(sooner, at, side="right") - np.searchsorted(younger, at)
        # where everybody at risk took just so long, nothing would be left of the quicker ones
        kept = np.where(at_risk > ended, 1 - ended / at_risk, 1 / (at_risk + 1))
        after = np.append(np.cumprod(kept[::-1])[::-1][1:], 1.0)[: len(at)]
        return cls(at, after)

    def share_arrived(self, ages: ArrayLike) -> Floats:
        """The share of conversions that have arrived by each age; 0 where none was so quick."""
        place = np.searchsorted(self.at, np.asarray(ages, dtype=float), side="right")
        return np.append(0.0, self.arrived)[place]


def arm_of(
    conversions: float, ages: ArrayLike, delays: Delays, *, prior: tuple[float, float] = PRIOR
) -> Arm:
    """An arm in which each customer counts by the chance that their conversion would be here.

    Conversions / sum of these chances is unbiased at every age (Vernade, Cappe and Perchet, 2017,
    Stochastic bandit models for delayed conversions, UAI).

    >>> delays = Delays.learned([1, 1, 1, 2], [1, 2, 2, 2])
    >>> arm = arm_of(2, [1, 1, 1, 2, 2, 2], delays)
    >>> arm.successes, arm.trials
    (2, 5.0)
    """
    trials = float(delays.share_arrived(ages).sum())
    return Arm(conversions, max(trials, conversions), prior)
