"""What is known of a customer and a new product together, as of an instant. Training and scoring
both come here, so that they cannot differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from launchopt_ml.interest.histories import NOVEL_DAYS, TRAITS, Histories
from launchopt_ml.interest.neighbours import Neighbourhood
from launchopt_ml.shop import PURCHASE, Products, days, in_days

VOTES = (
    ("bought", "words"),
    ("bought", "letters"),
    ("bought", "meaning"),
    ("bought", "near"),
    ("bought", "bought_together"),
    ("bought", "bought_closely"),
    ("taste", "near"),
    ("taste", "bought_together"),
    ("taste", "bought_closely"),
    ("novel", "near"),
    ("novel", "bought_together"),
)
FACTS = (
    "log_price",
    "days_on_sale",
    "neighbours_buyers",
    "neighbours_first_buyers",
    "nearest_words",
    "nearest_meaning",
)
FITS = ("price_distance", "price_above", "same_category")
NAMES = (*(f"{history}_{way}" for history, way in VOTES), *FITS, *FACTS, *TRAITS)
Rows = slice | NDArray[np.integer]
FLOOR = 0.02  # of a product's mean vote: what a customer without any counts as


@dataclass(frozen=True)
class Candidates:
    """New products prepared against the histories of one instant."""

    products: Products
    facts: NDArray[np.float32]  # (products, FACTS)
    profiles: dict[str, sp.csr_matrix]  # (products, known products)
    mean_votes: NDArray[np.float64]  # (VOTES, products), over all customers
    same_category: sp.csr_matrix  # (products, known products)

    @classmethod
    def of(
        cls,
        products: Products,
        *,
        histories: Histories,
        neighbourhood: Neighbourhood,
        horizon_days: float,
    ) -> Candidates:
        """Everything about `products` that does not depend on one customer."""
        profiles = neighbourhood.profiles(products)
        return cls(
            products,
            facts_of(products, profiles, histories=histories, horizon_days=horizon_days),
            profiles,
            _mean_votes(profiles, histories),
            _same_category(products, histories.shop.products),
        )

    def only(self, product: int) -> Candidates:
        """One of the products."""
        one = slice(product, product + 1)
        return Candidates(
            self.products.take(np.array([product])),
            self.facts[one],
            {way: profile[one] for way, profile in self.profiles.items()},
            self.mean_votes[:, one],
            self.same_category[one],
        )


def days_on_sale(
    products: Products, *, as_of: np.datetime64, horizon_days: float
) -> NDArray[np.float64]:
    """How many days of the horizon each product is on sale; all of them if nothing is declared."""
    start = in_days(products.new_at - as_of)
    return np.clip(horizon_days - np.maximum(np.nan_to_num(start), 0), 0, None)


def facts_of(
    products: Products,
    profiles: dict[str, sp.csr_matrix],
    *,
    histories: Histories,
    horizon_days: float,
) -> NDArray[np.float32]:
    """(products, FACTS): a product's own price and time, and how well its neighbours sell."""
    on_sale = days_on_sale(products, as_of=histories.as_of, horizon_days=horizon_days)
    near = profiles["near"]
    columns = {
        "log_price": _log_price(products, histories),
        "days_on_sale": np.log(on_sale + 0.5),
        "neighbours_buyers": np.log1p(weighted_mean(near, recent_buyers(histories))),
        "neighbours_first_buyers": np.log1p(weighted_mean(near, first_buyers(histories))),
        "nearest_words": _row_max(profiles["words"]),
        "nearest_meaning": np.cbrt(_row_max(profiles["meaning"])),
    }
    return np.column_stack([columns[name] for name in FACTS]).astype(np.float32)


def pair_features(
    histories: Histories, candidates: Candidates, *, rows: Rows
) -> NDArray[np.float32]:
    """(customers in `rows`, products, NAMES) in one block."""
    count = len(histories.traits[rows])
    block = np.empty((count, len(candidates.products), len(NAMES)), dtype=np.float32)
    for place, (history, way) in enumerate(VOTES):
        block[:, :, place] = _votes(
            getattr(histories, history)[rows],
            candidates.profiles[way],
            mean=candidates.mean_votes[place],
        )
    fits = len(VOTES)
    block[:, :, fits : fits + len(FITS)] = _fits(histories, candidates, rows=rows)
    facts = fits + len(FITS)
    block[:, :, facts : facts + len(FACTS)] = candidates.facts[None, :, :]
    block[:, :, facts + len(FACTS) :] = histories.traits[rows][:, None, :]
    return block


def _votes(
    history: sp.csr_matrix, profile: sp.csr_matrix, *, mean: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(customers, products): logarithm of a customer's vote over the product's mean vote."""
    votes = (history @ profile.T).toarray()
    relative = np.log(votes / np.where(mean > 0, mean, 1) + FLOOR)
    return np.asarray(relative, dtype=np.float64)


def _mean_votes(profiles: dict[str, sp.csr_matrix], histories: Histories) -> NDArray[np.float64]:
    customers = max(len(histories.traits), 1)
    return np.array(
        [
            profiles[way] @ (np.asarray(getattr(histories, name).sum(0)).ravel() / customers)
            for name, way in VOTES
        ]
    )


def _fits(histories: Histories, candidates: Candidates, *, rows: Rows) -> NDArray[np.float64]:
    """(customers, products, FITS)."""
    usual = histories.log_price[rows, None]
    spread = histories.log_price_spread[rows, None]
    above = (candidates.facts[None, :, 0] - usual) / (spread + 0.3)
    above = np.clip(np.nan_to_num(above, nan=0.0), -4, 4)
    bought = histories.bought[rows]
    total = np.maximum(np.asarray(bought.sum(1)), 1)
    share = (bought @ candidates.same_category.T).toarray() / total
    return np.stack([np.abs(above), above, share], axis=2)


def _same_category(new: Products, known: Products) -> sp.csr_matrix:
    """1 where a new and a known product share a category that has a name."""
    names = np.unique(np.concatenate([new.category, known.category, [""]]))

    def one_hot(category: NDArray[np.str_]) -> sp.csr_matrix:
        place = np.searchsorted(names, category)
        filled = np.flatnonzero(category != "")
        shape = (len(category), len(names))
        return sp.csr_matrix((np.ones(len(filled)), (filled, place[filled])), shape=shape)

    return sp.csr_matrix(one_hot(new.category) @ one_hot(known.category).T)


def _log_price(products: Products, histories: Histories) -> NDArray[np.float64]:
    """Logarithm of the price; the middle of the known products where there is none."""
    known = histories.shop.products.price
    priced = known[known > 0]
    middle = float(np.median(priced)) if len(priced) else 1.0
    return np.log(np.where(products.price > 0, products.price, middle))


def weighted_mean(profile: sp.csr_matrix, value: NDArray[np.float64]) -> NDArray[np.float64]:
    """A profile's mean of a value of known products; NaN values are left out."""
    known = np.isfinite(value)
    total = profile @ np.where(known, value, 0.0)
    weight = profile @ known.astype(np.float64)
    overall = float(value[known].mean()) if known.any() else 0.0
    leaning = (total + 0.1 * overall) / (weight + 0.1)  # a thin neighbourhood leans on the shop
    return np.asarray(leaning, dtype=np.float64)


def recent_buyers(histories: Histories) -> NDArray[np.float64]:
    """Buyers of each known product per 30 days and 1,000 customers over the last 60 days."""
    return _buyers_per(histories, since=histories.as_of - days(60), length=60)


def first_buyers(histories: Histories) -> NDArray[np.float64]:
    """The same over each product's first days; NaN where its beginning was not seen whole."""
    shop, as_of = histories.shop, histories.as_of
    events = shop.events
    start = events.time[0] if len(events) else as_of
    new_at = shop.new_at
    age = in_days(events.time - new_at[events.product])
    value = _rate(histories, (events.kind == PURCHASE) & (age < NOVEL_DAYS), length=NOVEL_DAYS)
    seen = (in_days(new_at - start) > NOVEL_DAYS) & (in_days(as_of - new_at) >= NOVEL_DAYS)
    return np.where(seen, value, np.nan)


def _buyers_per(
    histories: Histories, *, since: np.datetime64, length: float
) -> NDArray[np.float64]:
    events = histories.shop.events
    return _rate(histories, (events.kind == PURCHASE) & (events.time >= since), length=length)


def _rate(histories: Histories, rows: NDArray[np.bool_], *, length: float) -> NDArray[np.float64]:
    events, count = histories.shop.events, len(histories.shop.products)
    pair = events.customer[rows].astype(np.int64) * max(count, 1) + events.product[rows]
    buyers = np.bincount(np.unique(pair) % max(count, 1), minlength=count)[:count]
    scale = (30 / length) * (1000 / max(len(histories.traits), 1))
    return buyers.astype(np.float64) * scale


def _row_max(profile: sp.csr_matrix) -> NDArray[np.float64]:
    if not profile.shape[1]:
        return np.zeros(profile.shape[0])
    return np.asarray(profile.max(axis=1).todense()).ravel()
