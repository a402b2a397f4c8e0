"""How good lists would have been at a past instant: what customers bought next was hidden."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from launchopt_ml.interest.protocol import Interest, Launch, block_rows
from launchopt_ml.recommendation.chances import Ranker
from launchopt_ml.recommendation.lists import FRESH_DAYS, Lists, Recommender
from launchopt_ml.recommendation.ranking import Weights
from launchopt_ml.shop import NEVER, PURCHASE, Shop, days

NOTHING = Weights(0, 0, 0, 0, sameness=0, exploration=0)
ALONE = {
    "content": replace(NOTHING, content=1),
    "co_purchase": replace(NOTHING, co_purchase=1),
    "popularity": replace(NOTHING, popularity=1),
    "interest": replace(NOTHING, interest=1),
}
GROUPS = ("all", "warm", "cold")
COLD_DAYS = 30.0  # what was launched at most so long before the instant, or after it, is cold
SHARED = (
    "alike",
    "together",
    "spoken_for_by_likeness",
    "spoken_for_by_purchases",
    "popularity",
    "is_new",
    "is_fresh",
    "activity",
    "hashes",
    "has_predictions",
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
    recall: float  # of what was bought next
    ndcg_each: NDArray[np.float64]  # (customers,), to compare two ways customer by customer

    def as_dict(self) -> dict[str, float]:
        """The means, by name."""
        names = ("customers", "hit_rate", "ndcg", "precision", "recall")
        return {name: round(float(getattr(self, name)), 6) for name in names}


@dataclass(frozen=True)
class Hidden:
    """What was bought in the horizon, by customer and product known at its start."""

    customers: NDArray[np.integer]  # positions, in order
    bought: NDArray[np.bool_]  # (customers, products)

    @classmethod
    def of(
        cls,
        shop: Shop,
        made: Recommender,
        *,
        since: np.datetime64,
        horizon_days: float,
        customers: NDArray[np.integer] | None = None,
    ) -> Hidden:
        """First purchases in the horizon of products on sale at its start, by these customers."""
        start, end = np.searchsorted(shop.events.time, [since, since + days(horizon_days)])
        events = shop.events.take(np.arange(start, end))
        events = events.take(events.kind == PURCHASE)
        if customers is None:
            customers = np.arange(len(made.known.customers))
        row = _places(shop.customers.id, among=made.known.customers.id[customers])[events.customer]
        column = _places(shop.products.sku, among=made.known.products.sku)[events.product]
        both = (row >= 0) & (column >= 0)
        bought = np.zeros((len(customers), len(made.known.products)), dtype=bool)
        bought[row[both], column[both]] = True
        bought &= made.tastes.bought[customers].toarray() == 0
        return cls(customers, bought)

    def among(self, products: NDArray[np.bool_]) -> Hidden:
        """What was bought of some products, by those who bought any."""
        bought = self.bought & products
        some = bought.any(axis=1)
        return Hidden(self.customers[some], bought[some])


def quality_of(lists: Iterable[Lists], hidden: Hidden, *, k: int) -> Quality:
    """The quality of the first `k` entries, over customers who all bought. Raises NobodyBought."""
    if not len(hidden.customers):
        raise NobodyBought("Nobody bought anything new to them in the horizon.")
    gained = np.zeros((len(hidden.bought), k))
    for block in lists:
        block = block.take(block.rank <= k)
        row = np.searchsorted(hidden.customers, block.customer)
        hit = hidden.bought[row, block.product]
        gained[row[hit], block.rank[hit] - 1] = 1
    worth, number = 1 / np.log2(np.arange(2, 2 + k)), hidden.bought.sum(1)
    ndcg = gained @ worth / np.cumsum(worth)[np.minimum(number, k) - 1]
    return Quality(
        len(gained),
        float(gained.any(axis=1).mean()),
        float(ndcg.mean()),
        float(gained.mean()),
        float((gained.sum(1) / number).mean()),
        ndcg,
    )


def trial(
    shop: Shop,
    *,
    as_of: np.datetime64,
    horizon_days: float,
    ways: dict[str, Weights],
    interest: Interest | None = None,
    ranker: Ranker | None = None,
    k: int = 10,
    most: int | None = None,
) -> dict[str, dict[str, Quality]]:
    """For all, warm and cold products apart, the quality of lists made with each way of weighing.

    Products first seen in the horizon count as launched at `as_of`, with nothing known but what was
    declared; they, and what was launched within COLD_DAYS before, are cold. Lists for warm or cold
    products hold nothing else. `interest` and `ranker` know nothing from `as_of` on. With `most`,
    so many customers are judged. Groups of which nobody bought anything are left out.
    """
    shop = launched_at(shop, as_of=as_of, until=as_of + days(horizon_days))
    predicted = predicted_interest(interest, shop, as_of=as_of, horizon_days=horizon_days)
    made = Recommender.of(shop, as_of=as_of, interest=predicted, ranker=ranker)
    some = sample(len(made.known.customers), most=most)
    hidden = Hidden.of(shop, made, since=as_of, horizon_days=horizon_days, customers=some)
    is_cold = made.known.new_at >= as_of - days(COLD_DAYS)
    masks = (np.ones_like(is_cold), ~is_cold, is_cold)
    if not hidden.bought.any():
        raise NobodyBought("Nobody bought anything new to them in the horizon.")
    return {
        group: _qualities(replace_shared(made, sellable=mask), hidden.among(mask), ways=ways, k=k)
        for group, mask in zip(GROUPS, masks, strict=True)
        if hidden.among(mask).bought.any()
    }


def _qualities(
    made: Recommender, hidden: Hidden, *, ways: dict[str, Weights], k: int
) -> dict[str, Quality]:
    return {
        name: quality_of(
            replace_shared(made, weights=weights).lists(hidden.customers, count=k), hidden, k=k
        )
        for name, weights in ways.items()
    }


def replace_shared(made: Recommender, **changes: object) -> Recommender:
    """The same with other weights or other products on sale; what neither changes is shared."""
    changed = replace(made, **changes)  # type: ignore[arg-type]
    vars(changed).update({name: getattr(made, name) for name in SHARED})
    return changed


def predicted_interest(
    model: Interest | None, shop: Shop, *, as_of: np.datetime64, horizon_days: float
) -> sp.csr_matrix | None:
    """(customers, products) of the shop: what the model says of products nobody has bought."""
    if model is None:
        return None
    before = shop.events.time < as_of
    sold = np.bincount(shop.events.product[before], minlength=len(shop.products)) > 0
    fresh = (shop.new_at > as_of - days(FRESH_DAYS)) & (shop.new_at < as_of) & ~sold
    places = np.flatnonzero(fresh)
    session = model.prepare(shop, Launch(shop.products.take(places), as_of, horizon_days))
    rows = _places(session.customers, among=shop.customers.id)
    predicted = sp.lil_matrix((len(shop.customers), len(shop.products)))
    for some in block_rows(len(rows), products=len(places), features=64):
        predicted[np.ix_(rows[some], places)] = session.score(some)
    return sp.csr_matrix(predicted)


def sample(count: int, *, most: int | None) -> NDArray[np.integer]:
    """Positions of at most so many, in order; the same ones every time."""
    if most is None or count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(count).choice(count, most, replace=False))


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
