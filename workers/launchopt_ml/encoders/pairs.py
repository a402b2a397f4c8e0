"""Products of one basket or one history: the pairs that an encoder is tuned on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from launchopt_ml.interest.episodes import past_episodes
from launchopt_ml.interest.histories import SIGNAL
from launchopt_ml.shop import KINDS, Shop

WISHES = tuple(KINDS.index(kind) for kind, signal in SIGNAL.items() if signal >= 0.6)
FROM_BASKET = 0.5  # the share of pairs from one day of a customer; the rest from all their days
FEWEST_WISHES = 100


class TooFewPairs(ValueError):
    """Customers who wanted two established products are too few to learn from."""


@dataclass(frozen=True)
class Wishes:
    """Who wanted what on which day, customer after customer, day after day, each once."""

    text: NDArray[np.object_]  # (products,), those that are learned from
    product: NDArray[np.int64]  # (wishes,), position in `text`
    customer: NDArray[np.int64]  # (wishes,), a run of wishes for each customer
    basket: NDArray[np.int64]  # (wishes,), a run for each customer and day
    weight: NDArray[np.float64]  # (wishes,), sums to 1; what everybody buys says less of likeness

    @classmethod
    def of(cls, shop: Shop, *, as_of: np.datetime64) -> Wishes:
        """What was wanted before `as_of` of established products. Raises TooFewPairs.

        Established is what was on sale before the first episode that an interest model learns
        from. So the launches of those episodes are as new to a tuned encoder as those to come are.
        """
        known = shop.before(as_of).in_order()
        rows = _established(known, as_of=as_of)[known.events.product]
        rows &= np.isin(known.events.kind, WISHES)
        events = known.events.take(rows)
        day = events.time.astype("datetime64[D]").astype(np.int64)
        columns = np.column_stack([events.customer, day, events.product]).astype(np.int64)
        wishes = np.unique(columns, axis=0)
        used, product = np.unique(wishes[:, 2], return_inverse=True)
        weight = 1 / np.sqrt(np.bincount(product, minlength=len(used))[product])
        customer, basket = _runs(wishes[:, :1]), _runs(wishes[:, :2])
        alone = np.bincount(customer, minlength=1)[customer] < 2
        weight[alone] = 0
        if len(used) < 2 or (~alone).sum() < FEWEST_WISHES:
            raise TooFewPairs(
                f"{int((~alone).sum())} purchases of established products by customers with more"
                f" than one are too few to tune an encoder on; {FEWEST_WISHES} are needed."
            )
        text = known.products.text[used]
        return cls(text, product, customer, basket, weight / weight.sum())

    def pairs(self, count: int, *, rng: Generator) -> NDArray[np.int64]:
        """At most (count, 2) products of one basket or history; no product comes twice."""
        first = rng.choice(len(self.product), 2 * count, p=self.weight)
        near = rng.random(len(first)) < FROM_BASKET
        run_of = np.where(near, self.basket[first], self.customer[first])
        begins = [np.flatnonzero(np.diff(run, prepend=-1)) for run in (self.basket, self.customer)]
        ends = [np.append(begin[1:], len(self.product)) for begin in begins]
        start = np.where(near, _at(begins[0], run_of), _at(begins[1], run_of))
        end = np.where(near, _at(ends[0], run_of), _at(ends[1], run_of))
        second = start + (rng.random(len(first)) * (end - start)).astype(np.int64)
        found = np.column_stack([self.product[first], self.product[second]])
        return _each_once(found)[:count]


def _established(shop: Shop, *, as_of: np.datetime64) -> NDArray[np.bool_]:
    episodes = past_episodes(shop, as_of=as_of)
    first = min((episode.as_of for episode in episodes), default=as_of)
    return np.asarray(shop.new_at < first)


def _runs(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers of the runs of equal rows, from 0."""
    if not len(keys):
        return np.zeros(0, dtype=np.int64)
    changes = (np.diff(keys, axis=0) != 0).any(1)
    return np.concatenate([[0], np.cumsum(changes)]).astype(np.int64)


def _at(values: NDArray[np.int64], place: NDArray[np.int64]) -> NDArray[np.int64]:
    """Values by run; a place beyond them belongs to the other kind of run and is not used."""
    return values[np.minimum(place, len(values) - 1)]


def _each_once(pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Pairs of two unlike products that share none with an earlier pair."""
    seen: set[int] = set()
    kept = []
    for row, (one, other) in enumerate(pairs.tolist()):
        if one != other and not {one, other} & seen:
            seen |= {one, other}
            kept.append(row)
    return pairs[kept]
