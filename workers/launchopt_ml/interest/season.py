"""The season a year ago: what sold then speaks of the coming days as loudly as what sells now.

Where nothing was seen a year ago, all of this says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from launchopt_ml.shop import PURCHASE, Events, days, in_days

YEAR = 365.0
EDGE = 14.0  # days by which a season may come earlier or later than a year ago
DOUBT = 15.0  # days seen at which what was sold then is half believed


@dataclass(frozen=True)
class Season:
    """The days of a year ago that are to come again, as far as they were seen."""

    since: np.datetime64
    until: np.datetime64  # exclusive; not after `since` if none of them was seen

    @classmethod
    def of(cls, events: Events, *, as_of: np.datetime64, length: float) -> Season:
        """Of the `length` days from `as_of` on; `events` are those before it, the oldest first."""
        start = events.time[0] if len(events) else as_of
        since = max(as_of - days(YEAR + EDGE), start)
        return cls(since, min(as_of - days(YEAR - length - EDGE), as_of))

    @property
    def seen_days(self) -> float:
        """How many of its days were seen."""
        return max(float(in_days(self.until - self.since)), 0.0)

    def purchases(self, events: Events) -> NDArray[np.bool_]:
        """(events,): what was bought in it."""
        within = (events.time >= self.since) & (events.time < self.until)
        return np.asarray(within & (events.kind == PURCHASE), dtype=bool)

    def believed(
        self, then: NDArray[np.float64], *, lately: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Rates of sales `then`, drawn to those `lately` by how few days were seen."""
        seen = self.seen_days
        return (seen * then + DOUBT * lately) / (seen + DOUBT)

    def louder(
        self, then: NDArray[np.float64], *, lately: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The higher of both rates."""
        return np.maximum(lately, self.believed(then, lately=lately))


def seasonal(
    season: Season, events: Events, *, lately: NDArray[np.bool_], length: float, products: int
) -> NDArray[np.float64]:
    """(products,): 0 for what sold no better in the season than lately, towards 1 the better.

    `lately` tells the purchases of the last `length` days.
    """
    now = np.bincount(events.product[lately], minlength=products) / length
    then = np.bincount(events.product[season.purchases(events)], minlength=products)
    louder = season.louder(then / max(season.seen_days, 1.0), lately=now)
    return (louder - now) / np.maximum(louder + now, 1e-9)
