"""How well products sell, for shops and baselines that have no more than that to go by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from launchopt_ml.interest.episodes import bought_within, launched, new_within, past_episodes
from launchopt_ml.interest.facts import days_on_sale
from launchopt_ml.shop import PURCHASE, Products, Shop, days

PRIOR_DAILY_RATE = 0.0002  # buyers a day and customer of an ordinary product: a guess, said so
MOST_LIKELY = 0.95


@dataclass(frozen=True)
class DailyRate:
    """The chance that an average customer buys an average new product on one day on sale."""

    value: float
    source: str  # launches, assortment or prior

    def over(self, length: NDArray[np.float64]) -> NDArray[np.float64]:
        """The chance over lengths in days."""
        return 1 - np.exp(-self.value * length)


def daily_rate(shop: Shop, *, as_of: np.datetime64) -> DailyRate:
    """From past launches, else from what sells now, else a prior."""
    known = shop.before(as_of)
    value = _rate_of_launches(known, as_of=as_of)
    if value > 0:
        return DailyRate(value, "launches")
    value = _rate_of_assortment(known, as_of=as_of)
    return DailyRate(value, "assortment") if value > 0 else DailyRate(PRIOR_DAILY_RATE, "prior")


def _rate_of_launches(shop: Shop, *, as_of: np.datetime64) -> float:
    buyers = chances = 0.0
    for episode in past_episodes(shop, as_of=as_of):
        products = launched(shop, new_within(shop, episode))
        known = shop.before(episode.as_of).customers.id
        bought = bought_within(
            shop,
            customers=known,
            skus=products.sku,
            since=episode.as_of,
            until=episode.until,
        )
        on_sale = days_on_sale(products, as_of=episode.as_of, horizon_days=episode.horizon_days)
        buyers += float(bought.sum())
        chances += float(on_sale.sum()) * len(known)
    return buyers / chances if chances else 0.0


def _rate_of_assortment(shop: Shop, *, as_of: np.datetime64) -> float:
    events = shop.events
    recent = (events.kind == PURCHASE) & (events.time >= as_of - days(60))
    pairs = np.unique(np.stack([events.customer[recent], events.product[recent]]), axis=1)
    chances = len(shop.customers) * len(shop.products) * 60
    return pairs.shape[1] / chances if chances else 0.0


def probabilities(
    relative: NDArray[np.floating],
    *,
    rate: DailyRate,
    products: Products,
    as_of: np.datetime64,
    horizon_days: float,
) -> NDArray[np.float32]:
    """(customers, products) from scores that average 1 over customers, at the shop's daily rate."""
    length = days_on_sale(products, as_of=as_of, horizon_days=horizon_days)
    return np.minimum(relative * rate.over(length), MOST_LIKELY).astype(np.float32)
