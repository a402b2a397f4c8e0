"""What is true of a new product alone: its time on sale, and how well what is near it sells."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from launchopt_ml.interest.histories import Histories
from launchopt_ml.interest.neighbours import Profile
from launchopt_ml.interest.season import Season
from launchopt_ml.shop import PURCHASE, Products, days, in_days

SALES_NEARBY = ("words", "meaning", "near", "code")
FACTS = (
    "days_on_sale",
    *(f"recent_buyers_{way}" for way in SALES_NEARBY),
    "words_recent",
    "words_recent_mean",
)
DOUBT = 5.0  # products that a word must be in for its sales to be half believed


def days_on_sale(
    products: Products, *, as_of: np.datetime64, horizon_days: float
) -> NDArray[np.float64]:
    """How many days of the horizon each product is on sale; all of them if nothing is declared."""
    start = in_days(products.new_at - as_of)
    return np.clip(horizon_days - np.maximum(np.nan_to_num(start), 0), 0, None)


def log_days(on_sale: NDArray[np.float64]) -> NDArray[np.float64]:
    """The fact `days_on_sale`."""
    return np.log(on_sale + 0.5)


def facts_of(
    products: Products,
    profiles: dict[str, Profile],
    *,
    histories: Histories,
    words: sp.csr_matrix,
    known_words: sp.csr_matrix,
    horizon_days: float,
) -> NDArray[np.float32]:
    """(products, FACTS). `words` are the products' rows of words, `known_words` the known ones'."""
    on_sale = days_on_sale(products, as_of=histories.as_of, horizon_days=horizon_days)
    now = buyers_expected(histories, horizon_days=horizon_days)
    better, count = _better_with_words(words, known_words, sold=now)
    columns = [
        log_days(on_sale),
        *(np.log1p(weighted_mean(profiles[way], now)) for way in SALES_NEARBY),
        better,
        better / np.maximum(count, 1),
    ]
    return np.column_stack(columns).astype(np.float32)


def _better_with_words(
    words: sp.csr_matrix, known_words: sp.csr_matrix, *, sold: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(products,) twice: what having its words adds to how well a product sells, and how many."""
    known = sp.csr_matrix(known_words > 0, dtype=np.float64)
    own = sp.csr_matrix(words > 0, dtype=np.float64)
    better = own @ _better_with_word(known, np.log1p(sold))
    return better, np.asarray(own.sum(1)).ravel()


def _better_with_word(known: sp.csr_matrix, sold: NDArray[np.float64]) -> NDArray[np.float64]:
    """(words,): mean of `sold` over products with the word less that over all, drawn to 0."""
    if not len(sold):
        return np.zeros(known.shape[1])
    above = known.T @ (sold - sold.mean())
    number = np.asarray(known.sum(0)).ravel()
    return np.asarray(above / (number + DOUBT), dtype=np.float64)


def log_price(products: Products, histories: Histories) -> NDArray[np.float64]:
    """Logarithm of the price; the middle of the known products where there is none."""
    known = histories.shop.products.price
    priced = known[known > 0]
    middle = float(np.median(priced)) if len(priced) else 1.0
    return np.log(np.where(products.price > 0, products.price, middle))


def weighted_mean(profile: Profile, value: NDArray[np.float64]) -> NDArray[np.float64]:
    """A profile's mean of a value of known products."""
    weight = np.asarray(profile.sum(1), dtype=np.float64).ravel()
    overall = float(value.mean()) if len(value) else 0.0
    leaning = (profile @ value + 0.1 * overall) / (weight + 0.1)  # a thin one leans on the shop
    return np.asarray(leaning, dtype=np.float64)


def buyers_expected(histories: Histories, *, horizon_days: float) -> NDArray[np.float64]:
    """Buyers of each known product per 30 days and 1,000 customers.

    Over the last 60 days, or over the coming season a year ago if it sold better then.
    """
    events, lately = histories.shop.events, buyers_lately(histories, length=60)
    season = Season.of(events, as_of=histories.as_of, length=horizon_days)
    if not season.seen_days:
        return lately
    then = _rate(histories, season.purchases(events), length=season.seen_days)
    return season.louder(then, lately=lately)


def buyers_lately(histories: Histories, *, length: float) -> NDArray[np.float64]:
    """The same over the last so many days."""
    events = histories.shop.events
    since = histories.as_of - days(length)
    return _rate(histories, (events.kind == PURCHASE) & (events.time >= since), length=length)


def _rate(histories: Histories, rows: NDArray[np.bool_], *, length: float) -> NDArray[np.float64]:
    events, count = histories.shop.events, len(histories.shop.products)
    pair = events.customer[rows].astype(np.int64) * max(count, 1) + events.product[rows]
    buyers = np.bincount(np.unique(pair) % max(count, 1), minlength=count)[:count]
    scale = (30 / length) * (1000 / max(len(histories.traits), 1))
    return buyers.astype(np.float64) * scale
