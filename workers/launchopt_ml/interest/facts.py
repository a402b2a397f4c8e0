"""What is true of a new product alone: its price and time, and how well what is near it sells."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from launchopt_ml.interest.histories import NOVEL_DAYS, Histories
from launchopt_ml.interest.neighbours import Neighbourhood, Profile
from launchopt_ml.interest.season import Season
from launchopt_ml.shop import PURCHASE, Products, days, in_days

SALES_NEARBY = ("words", "meaning", "near", "code")
FACTS = (
    "log_price",
    "days_on_sale",
    *(f"recent_buyers_{way}" for way in SALES_NEARBY),
    "first_buyers_near",
    "first_buyers_code",
    "trend_near",
    "trend_code",
    "quantity_near",
    "words_recent",
    "words_first",
    "words_recent_mean",
    "words_first_mean",
    "nearest_words",
    "nearest_meaning",
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
    neighbourhood: Neighbourhood,
    horizon_days: float,
) -> NDArray[np.float32]:
    """(products, FACTS)."""
    on_sale = days_on_sale(products, as_of=histories.as_of, horizon_days=horizon_days)
    now = buyers_expected(histories, horizon_days=horizon_days)
    columns = {
        "log_price": log_price(products, histories),
        "days_on_sale": log_days(on_sale),
        "nearest_words": _row_max(profiles["words"]),
        "nearest_meaning": np.cbrt(_row_max(profiles["meaning"])),
        **_sales_nearby(profiles, histories, now=now),
        **_sales_of_words(products, neighbourhood, histories=histories, now=now),
    }
    return np.column_stack([columns[name] for name in FACTS]).astype(np.float32)


def _sales_nearby(
    profiles: dict[str, Profile], histories: Histories, *, now: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """How well neighbours sell, sold when they were new, and sell now against before."""
    first = first_buyers(histories)
    month, quarter = buyers_lately(histories, length=30), buyers_lately(histories, length=90)
    columns = {
        f"recent_buyers_{way}": np.log1p(weighted_mean(profiles[way], now)) for way in SALES_NEARBY
    }
    for way in ("near", "code"):
        after, before = (weighted_mean(profiles[way], sold) + 0.5 for sold in (month, quarter))
        columns[f"trend_{way}"] = np.log(after / before)
        columns[f"first_buyers_{way}"] = np.log1p(weighted_mean(profiles[way], first))
    quantity = weighted_mean(profiles["near"], usual_quantity(histories))
    return columns | {"quantity_near": quantity}


def _sales_of_words(
    products: Products,
    neighbourhood: Neighbourhood,
    *,
    histories: Histories,
    now: NDArray[np.float64],
) -> dict[str, NDArray[np.float64]]:
    """How much better than usual products with each word of the text sell, and sold when new."""
    known = sp.csr_matrix(neighbourhood.known_words > 0, dtype=np.float64)
    own = sp.csr_matrix(neighbourhood.words.rows(products.text.tolist()) > 0, dtype=np.float64)
    count = np.maximum(np.asarray(own.sum(1)).ravel(), 1)
    columns: dict[str, NDArray[np.float64]] = {}
    for name, sold in (("recent", now), ("first", first_buyers(histories))):
        better = own @ _better_with_word(known, np.log1p(sold))
        columns |= {f"words_{name}": better, f"words_{name}_mean": better / count}
    return columns


def _better_with_word(known: sp.csr_matrix, sold: NDArray[np.float64]) -> NDArray[np.float64]:
    """(words,): mean of `sold` over products with the word less that over all, drawn to 0."""
    seen = np.isfinite(sold)
    if not seen.any():
        return np.zeros(known.shape[1])
    above = known[seen].T @ (sold[seen] - sold[seen].mean())
    number = np.asarray(known[seen].sum(0)).ravel()
    return np.asarray(above / (number + DOUBT), dtype=np.float64)


def log_price(products: Products, histories: Histories) -> NDArray[np.float64]:
    """Logarithm of the price; the middle of the known products where there is none."""
    known = histories.shop.products.price
    priced = known[known > 0]
    middle = float(np.median(priced)) if len(priced) else 1.0
    return np.log(np.where(products.price > 0, products.price, middle))


def weighted_mean(profile: Profile, value: NDArray[np.float64]) -> NDArray[np.float64]:
    """A profile's mean of a value of known products; NaN values are left out."""
    known = np.isfinite(value)
    total = profile @ np.where(known, value, 0.0)
    weight = profile @ known.astype(np.float64)
    overall = float(value[known].mean()) if known.any() else 0.0
    leaning = (total + 0.1 * overall) / (weight + 0.1)  # a thin neighbourhood leans on the shop
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


def buyers_lately(histories: Histories, *, length: float) -> NDArray[np.float64]:
    """The same over the last so many days."""
    events = histories.shop.events
    since = histories.as_of - days(length)
    return _rate(histories, (events.kind == PURCHASE) & (events.time >= since), length=length)


def usual_quantity(histories: Histories) -> NDArray[np.float64]:
    """Mean logarithm of the pieces in a purchase, by known product; NaN where none was bought."""
    events, count = histories.shop.events, len(histories.shop.products)
    events = events.take(events.kind == PURCHASE)
    pieces = np.bincount(events.product, np.log1p(events.quantity), count)
    with np.errstate(invalid="ignore"):
        return np.asarray(pieces / np.bincount(events.product, minlength=count), dtype=np.float64)


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
