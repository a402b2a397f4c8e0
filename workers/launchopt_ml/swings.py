"""How far the level at which launches sell has strayed, in this shop, from what was expected."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from launchopt_core.drift import Swing
from launchopt_ml.interest.episodes import HISTORY_DAYS, STEP_DAYS
from launchopt_ml.shop import PURCHASE, Shop, days, in_days

MOST_WINDOWS = 24
HALF_LIFE_DAYS = 90.0  # as the model's calibration: a recent season says more


def swing_before(shop: Shop, *, as_of: np.datetime64, horizon_days: float) -> Swing:
    """From windows of this length that ended by `as_of`: each against those over before it began.

    No model is fitted for it. The level of a window is its buyers for each customer, new product
    and day on sale; what was expected is the level of the windows before, recent ones first.
    """
    known = shop.before(as_of)
    starts = _starts(known, as_of=as_of, horizon_days=horizon_days)
    levels = _levels(known, starts, horizon_days=horizon_days)
    ratios = [_ratio(levels, starts, place, horizon_days) for place in range(len(starts))]
    found = [ratio for ratio in ratios if np.isfinite(ratio)]
    return Swing.of(found, seasons=len(found) * min(1.0, STEP_DAYS / horizon_days))


def _starts(shop: Shop, *, as_of: np.datetime64, horizon_days: float) -> NDArray[np.datetime64]:
    """The latest windows' starts, STEP_DAYS apart, the latest first."""
    if not len(shop.events):
        return np.array([], dtype="datetime64[us]")
    earliest = shop.events.time[0] + days(HISTORY_DAYS)
    back = [as_of - days(horizon_days + STEP_DAYS * n) for n in range(MOST_WINDOWS)]
    return np.array([start for start in back if start >= earliest], dtype="datetime64[us]")


def _levels(
    shop: Shop, starts: NDArray[np.datetime64], *, horizon_days: float
) -> NDArray[np.float64]:
    """(windows, 2): buyers, and chances to become one."""
    first, new_at = _first_purchases(shop), shop.new_at
    known_since = _known_since(shop)
    rows = np.empty((len(starts), 2))
    for place, start in enumerate(starts):
        end = start + days(horizon_days)
        new = (new_at >= start) & (new_at < end)
        product, customer, time = first
        bought = new[product] & (known_since[customer] < start) & (time >= start) & (time < end)
        on_sale = in_days(end - new_at[new]).sum()
        rows[place] = bought.sum(), on_sale * (known_since < start).sum()
    return rows


def _first_purchases(
    shop: Shop,
) -> tuple[NDArray[np.integer], NDArray[np.integer], NDArray[np.datetime64]]:
    """Product, customer and time of each pair's first purchase."""
    events = shop.events.take(shop.events.kind == PURCHASE)
    pair = events.product.astype(np.int64) * max(len(shop.customers), 1) + events.customer
    _, row = np.unique(pair, return_index=True)
    return events.product[row], events.customer[row], events.time[row]


def _known_since(shop: Shop) -> NDArray[np.datetime64]:
    customers, row = np.unique(shop.events.customer, return_index=True)
    since = np.array(shop.customers.joined_at, dtype="datetime64[us]")
    since[customers] = np.fmin(since[customers], shop.events.time[row])
    return since


def _ratio(
    levels: NDArray[np.float64],
    starts: NDArray[np.datetime64],
    place: int,
    horizon_days: float,
) -> float:
    """Actual / expected of one window; NaN where nothing was there to expect from."""
    over = starts + days(horizon_days) <= starts[place]
    age = in_days(starts[place] - starts[over])
    buyers, chances = (levels[over] * 0.5 ** (age / HALF_LIFE_DAYS)[:, None]).sum(0)
    actual, had = levels[place]
    if min(buyers, chances, actual, had) <= 0:
        return float("nan")
    return float((actual / had) / (buyers / chances))
