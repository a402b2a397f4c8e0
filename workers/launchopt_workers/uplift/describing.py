"""Customers of a launch in the interest model's features, as known when it began."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from launchopt_ml.interest.episodes import Vantage
from launchopt_ml.shop import instant
from launchopt_ml.uplift import PastLaunch
from launchopt_ml.uplift.features import features_of
from launchopt_workers.prediction.shops import StoredShop
from launchopt_workers.uplift.reading import Observed


def described(
    stored: StoredShop, *, product: int, as_of: datetime, days: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Ids of everybody known before an instant, and (customers, FEATURES)."""
    vantage = Vantage.of(stored.shop, as_of=instant(as_of))
    place = stored.places_of([product])
    features = features_of(vantage, stored.shop.products.take(place), days=days)
    return stored.ids_of_customers(vantage.histories.customers), features


def past_launch(stored: StoredShop, seen: Observed) -> PastLaunch:
    """A past launch as a trial. Who was not yet known when it began is left out of both arms."""
    window = seen.window
    days = (window.until - window.since).total_seconds() / 86_400
    ids, features = described(stored, product=window.product, as_of=window.since, days=days)
    rows = _places(seen.customers, among=ids)
    known = rows >= 0
    (place,) = stored.places_of([window.product])
    return PastLaunch(
        sku=str(stored.shop.products.sku[place]),
        features=features[rows[known]],
        treated=seen.treated[known],
        bought=seen.bought[known],
        share=seen.share[known],
        contacts=seen.contacts,
    )


def similarity_to(stored: StoredShop, *, product: int, skus: list[str]) -> NDArray[np.float64]:
    """Cosine of the texts' embeddings with those of other products, 0 where one is missing."""
    products = stored.shop.products
    own = products.embedding[stored.places_of([product])[0]]
    place = {sku: row for row, sku in enumerate(products.sku.tolist())}
    return np.array(
        [float(products.embedding[place[s]] @ own) if s in place else 0.0 for s in skus]
    )


def _places(values: NDArray[np.int64], *, among: NDArray[np.int64]) -> NDArray[np.int64]:
    """The row of each value, -1 where there is none."""
    order = np.argsort(among)
    found = np.minimum(np.searchsorted(among[order], values), max(len(among) - 1, 0))
    if not len(among):
        return np.full(len(values), -1)
    place = order[found]
    return np.where(among[place] == values, place, -1)
