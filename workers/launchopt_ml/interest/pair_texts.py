"""Past launches as pairs of texts: what a customer had done, what was new, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from launchopt_ml.interest.episodes import (
    Episode,
    bought_within,
    launched,
    new_within,
    past_episodes,
)
from launchopt_ml.interest.facts import days_on_sale
from launchopt_ml.interest.histories import SIGNAL
from launchopt_ml.shop import KINDS, Shop

MOST_CUSTOMERS = 20_000
TOLD = [KINDS.index(kind) for kind in SIGNAL]  # kinds of events that speak for a product


@dataclass(frozen=True)
class TextPairs:
    """Pairs of a history and a new product; half were bought, `weight` undoes that."""

    history: NDArray[np.object_]
    product: NDArray[np.object_]
    bought: NDArray[np.bool_]
    weight: NDArray[np.float64]  # how many pairs of the episode each stands for
    days_on_sale: NDArray[np.float64]
    sku: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.bought)

    @classmethod
    def joined(cls, parts: Sequence[TextPairs]) -> TextPairs:
        """The pairs of several episodes."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def take(self, rows: NDArray[np.bool_]) -> TextPairs:
        """Some of the pairs."""
        return TextPairs(*(getattr(self, field.name)[rows] for field in fields(self)))


def history_texts(known: Shop, *, most: int) -> NDArray[np.object_]:
    """For each customer the texts of what they dealt with last, the latest first."""
    latest = known.events.take(np.flatnonzero(np.isin(known.events.kind, TOLD))[::-1])
    pair = latest.customer.astype(np.int64) * max(len(known.products), 1) + latest.product
    first = np.sort(np.unique(pair, return_index=True)[1])  # each product once, as it was last met
    who, what = latest.customer[first], latest.product[first]
    order = np.argsort(who, kind="stable")
    texts = known.products.text[what[order]]
    bounds = np.searchsorted(who[order], np.arange(len(known.customers) + 1))
    told = ["; ".join(texts[start : min(end, start + most)]) for start, end in pairwise(bounds)]
    return np.array(told, dtype=object)


def past_pairs(
    shop: Shop, *, as_of: np.datetime64, count: int, most: int, rng: Generator
) -> TextPairs | None:
    """About `count` pairs from the launches that ended by `as_of`; None where there were none."""
    episodes = past_episodes(shop, as_of=as_of)
    each = -(-count // max(len(episodes), 1))
    parts = [_sampled(shop, episode, count=each, most=most, rng=rng) for episode in episodes]
    some = [part for part in parts if part is not None]
    return TextPairs.joined(some) if some else None


def _sampled(
    shop: Shop, episode: Episode, *, count: int, most: int, rng: Generator
) -> TextPairs | None:
    """As many bought as not, by chance; None where nothing new was bought."""
    known = shop.before(episode.as_of)
    products = launched(shop, new_within(shop, episode))
    people = _some(len(known.customers), most=MOST_CUSTOMERS, rng=rng)
    bought = bought_within(
        shop,
        customers=known.customers.id[people],
        skus=products.sku,
        since=episode.as_of,
        until=episode.until,
    )
    cells = bought.ravel()
    if not cells.any() or cells.all():
        return None
    yes = _drawn(np.flatnonzero(cells), most=count // 2, rng=rng)
    no = _drawn(np.flatnonzero(~cells), most=len(yes), rng=rng)
    row, column = np.divmod(np.concatenate([yes, no]), bought.shape[1])
    length = days_on_sale(products, as_of=episode.as_of, horizon_days=episode.horizon_days)
    stands_for = [cells.sum() / len(yes), (~cells).sum() / len(no)]
    return TextPairs(
        history=history_texts(known, most=most)[people[row]],
        product=products.text[column],
        bought=np.repeat([True, False], [len(yes), len(no)]),
        weight=np.repeat(stands_for, [len(yes), len(no)]),
        days_on_sale=length[column],
        sku=products.sku[column],
    )


def _some(count: int, *, most: int, rng: Generator) -> NDArray[np.integer]:
    return _drawn(np.arange(count), most=most, rng=rng)


def _drawn(positions: NDArray[np.integer], *, most: int, rng: Generator) -> NDArray[np.integer]:
    if len(positions) <= most:
        return positions
    return rng.choice(positions, most, replace=False)
