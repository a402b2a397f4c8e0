"""Past launches as labelled examples: who was known when a product was new, and who bought it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from launchopt_ml.interest.features import Candidates
from launchopt_ml.interest.histories import Histories
from launchopt_ml.interest.neighbours import Neighbourhood, places_of
from launchopt_ml.shop import PURCHASE, Products, Shop, days

HORIZONS = (30.0, 60.0, 90.0)
STEP_DAYS = 30.0
PER_HORIZON = 5
HISTORY_DAYS = 30.0  # what must have been seen before an episode: earlier, everything looks new


@dataclass(frozen=True)
class Episode:
    """A stretch of the past in which some products were new."""

    as_of: np.datetime64
    horizon_days: float

    @property
    def until(self) -> np.datetime64:
        """Its end, exclusive."""
        return self.as_of + days(self.horizon_days)


def past_episodes(shop: Shop, *, as_of: np.datetime64) -> list[Episode]:
    """Episodes that ended by `as_of`, for each horizon the latest PER_HORIZON."""
    if not len(shop.events):
        return []
    earliest = shop.events.time[0] + days(HISTORY_DAYS)
    starts = [
        Episode(as_of - days(horizon + STEP_DAYS * back), horizon)
        for horizon in HORIZONS
        for back in range(PER_HORIZON)
    ]
    return [episode for episode in starts if episode.as_of >= earliest]


def new_within(shop: Shop, episode: Episode) -> NDArray[np.integer]:
    """Positions of the products that were new in the episode."""
    new_at = shop.new_at
    return np.flatnonzero((new_at >= episode.as_of) & (new_at < episode.until))


def launched(shop: Shop, positions: NDArray[np.integer]) -> Products:
    """Those products as they stood before their launch.

    Only a declared day of launch was known then; when a product was first seen was not.
    """
    return shop.products.take(positions)


def bought_within(
    shop: Shop,
    *,
    customers: NDArray[np.str_],
    skus: NDArray[np.str_],
    since: np.datetime64,
    until: np.datetime64,
) -> NDArray[np.bool_]:
    """(customers, skus): who bought what in that time."""
    row = places_of(shop.customers.id, among=customers)
    column = places_of(shop.products.sku, among=skus)
    start, end = np.searchsorted(shop.events.time, [since, until], side="left")
    events = shop.events.take(np.arange(start, end))
    events = events.take(events.kind == PURCHASE)
    rows, columns = row[events.customer], column[events.product]
    asked = (rows >= 0) & (columns >= 0)
    bought = np.zeros((len(customers), len(skus)), dtype=bool)
    bought[rows[asked], columns[asked]] = True
    return bought


@dataclass(frozen=True)
class Vantage:
    """What could be seen from an instant: histories, and where new products find neighbours."""

    histories: Histories
    neighbourhood: Neighbourhood

    @classmethod
    def of(cls, shop: Shop, *, as_of: np.datetime64) -> Vantage:
        """Everything that `shop` knew before `as_of`."""
        histories = Histories.of(shop, as_of=as_of)
        known = histories.shop.products
        return cls(
            histories, Neighbourhood.of(known, bought=histories.bought, orders=histories.orders)
        )

    def candidates(self, products: Products, *, horizon_days: float) -> Candidates:
        """New products seen from here."""
        return Candidates.of(
            products,
            histories=self.histories,
            neighbourhood=self.neighbourhood,
            horizon_days=horizon_days,
        )
