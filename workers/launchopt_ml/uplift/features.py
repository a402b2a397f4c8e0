"""What is known of each customer and a new product when its launch begins."""

from __future__ import annotations

import numpy as np

from launchopt_ml.interest.episodes import Vantage
from launchopt_ml.interest.features import PAIR, panel_of
from launchopt_ml.interest.histories import TRAITS
from launchopt_ml.shop import KINDS, Products, Shop
from launchopt_ml.uplift.trial import Floats

# What is true of the product alone is left out: with some launches it would name each of them.
# How often each kind of event happened tells those whom a contact drives away from who likes it.
DOINGS = tuple(f"{kind}_events" for kind in KINDS)
FEATURES = (*PAIR, *TRAITS, *DOINGS)


def features_of(vantage: Vantage, product: Products, *, days: float) -> Floats:
    """(customers of the vantage, FEATURES), for one product that is on sale for some days."""
    candidates = vantage.candidates(product, horizon_days=days)
    panel = panel_of(vantage.histories, candidates, rows=slice(None))
    pairs = panel.features()[:, 0, : len(PAIR) + len(TRAITS)].astype(np.float64)
    return np.column_stack([pairs, doings_of(vantage.histories.shop)])


def doings_of(shop: Shop) -> Floats:
    """The logarithm of how often each customer did each kind of thing: (customers, DOINGS)."""
    shape = (len(shop.customers), len(KINDS))
    places = (shop.events.customer.astype(np.int64), shop.events.kind.astype(np.int64))
    counted = np.bincount(np.ravel_multi_index(places, shape), minlength=shape[0] * shape[1])
    return np.asarray(np.log1p(counted.reshape(shape)))
