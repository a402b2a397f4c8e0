"""How good lists would have been at a past instant: what customers bought next was hidden."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from launchopt_ml.recommendation.lists import Lists, Recommender
from launchopt_ml.recommendation.ranking import Weights
from launchopt_ml.shop import NEVER, PURCHASE, Shop, days

NOTHING = Weights(0, 0, 0, 0, sameness=0, exploration=0)
ALONE = {
    "content": replace(NOTHING, content=1),
    "co_purchase": replace(NOTHING, co_purchase=1),
    "popularity": replace(NOTHING, popularity=1),
}
SHARED = (
    "alike",
    "together",
    "spoken_for_by_likeness",
    "spoken_for_by_purchases",
    "popularity",
    "is_new",
    "is_fresh",
)


class NobodyBought(ValueError):
    """No customer known at the instant bought anything new to them in the horizon."""


@dataclass(frozen=True)
class Quality:
    """Means over customers who bought something that they had not bought before."""

    customers: int
    hit_rate: float  # a list holds at least one of the products bought next
    ndcg: float  # Jarvelin and Kekalainen (2002)
    precision: float
    ndcg_each: NDArray[np.float64]  # (customers,), to compare two ways customer by customer


@dataclass(frozen=True)
class Hidden:
    """What was bought in the horizon, by customer and product known at its start."""

    customers: NDArray[np.int64]  # positions of those who bought something new to them
    bought: NDArray[np.bool_]  # (customers of the shop, products) known then

    @classmethod
    def of(
        cls,
        shop: Shop,
        made: Recommender,
        *,
        since: np.datetime64,
        horizon_days: float,
        only_new: bool = False,
    ) -> Hidden:
        """First purchases in the horizon of products on sale at its start."""
        start, end = np.searchsorted(shop.events.time, [since, since + days(horizon_days)])
        events = shop.events.take(np.arange(start, end))
        events = events.take(events.kind == PURCHASE)
        row = _places(shop.customers.id, among=made.known.customers.id)[events.customer]
        column = _places(shop.products.sku, among=made.known.products.sku)[events.product]
        both = (row >= 0) & (column >= 0)
        bought = np.zeros(made.tastes.bought.shape, dtype=bool)
        bought[row[both], column[both]] = True
        bought &= made.tastes.bought.toarray() == 0
        bought &= made.is_new | (not only_new)
        return cls(np.flatnonzero(bought.any(axis=1)), bought)


def quality_of(lists: Iterable[Lists], hidden: Hidden, *, k: int) -> Quality:
    """The quality of the first `k` entries. Raises NobodyBought."""
    if not len(hidden.customers):
        raise NobodyBought("Nobody bought anything new to them in the horizon.")
    gained = np.zeros((len(hidden.bought), k))
    for block in lists:
        block = block.take(block.rank <= k)
        hit = hidden.bought[block.customer, block.product]
        gained[block.customer[hit], block.rank[hit] - 1] = 1
    gained = gained[hidden.customers]
    worth = 1 / np.log2(np.arange(2, 2 + k))
    most = np.cumsum(worth)[np.minimum(hidden.bought[hidden.customers].sum(1), k) - 1]
    ndcg = gained @ worth / most
    hit_rate = float(gained.any(axis=1).mean())
    return Quality(len(gained), hit_rate, float(ndcg.mean()), float(gained.mean()), ndcg)


def trial(
    shop: Shop,
    *,
    as_of: np.datetime64,
    horizon_days: float,
    ways: dict[str, Weights],
    k: int = 10,
    only_new: bool = False,
) -> dict[str, Quality]:
    """The quality of lists made with each way of weighing, on the same customers.

    With `only_new`, products first seen in the horizon count as launched at `as_of`, and the
    lists hold nothing else.
    """
    if only_new:
        shop = launched_at(shop, as_of=as_of, until=as_of + days(horizon_days))
    made = Recommender.of(shop, as_of=as_of)
    hidden = Hidden.of(shop, made, since=as_of, horizon_days=horizon_days, only_new=only_new)
    shared = {name: getattr(made, name) for name in SHARED}
    qualities = {}
    for name, weights in ways.items():
        weighed = replace(made, weights=weights)
        vars(weighed).update(shared)  # cached properties that no weight changes
        lists = weighed.lists(hidden.customers, count=k, only_new=only_new)
        qualities[name] = quality_of(lists, hidden, k=k)
    return qualities


def launched_at(shop: Shop, *, as_of: np.datetime64, until: np.datetime64) -> Shop:
    """The shop in which what was first seen in [as_of, until) had just been put on sale."""
    first = shop.new_at
    new = (first >= as_of) & (first < until)
    just_before = as_of - np.timedelta64(1, "us")
    new_at = np.where(new, just_before, np.where(first < as_of, first, NEVER))
    return replace(shop, products=replace(shop.products, new_at=new_at))


def _places(names: NDArray[np.str_], *, among: NDArray[np.str_]) -> NDArray[np.int64]:
    place = {name: position for position, name in enumerate(among.tolist())}
    return np.array([place.get(name, -1) for name in names.tolist()], dtype=np.int64)
