"""Past launches as labelled examples: who was known when a product was new, and who bought it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from launchopt_ml.interest.features import NAMES, Candidates, pair_features
from launchopt_ml.interest.histories import Histories
from launchopt_ml.interest.neighbours import Neighbourhood
from launchopt_ml.interest.protocol import block_rows
from launchopt_ml.shop import PURCHASE, Products, Shop, days, in_days

HORIZONS = (30.0, 60.0, 90.0)
STEP_DAYS = 30.0
PER_HORIZON = 5
HISTORY_DAYS = 30.0  # what must have been seen before an episode: earlier, everything looks new
MOST_CUSTOMERS = 20_000
MOST_PRODUCTS = 400
NEGATIVES = 0.1  # the share of pairs without a purchase that is learned from


@dataclass(frozen=True)
class Episode:
    """A stretch of the past in which some products were new."""

    as_of: np.datetime64
    horizon_days: float

    @property
    def until(self) -> np.datetime64:
        """Its end, exclusive."""
        return self.as_of + days(self.horizon_days)


@dataclass(frozen=True)
class Examples:
    """Pairs of customer and new product, with what came of them."""

    features: NDArray[np.float32]  # (pairs, NAMES)
    bought: NDArray[np.bool_]  # (pairs,)
    weight: NDArray[np.float32]  # (pairs,), how many pairs each stands for
    sku: NDArray[np.str_]  # (pairs,)
    age: NDArray[np.float32]  # (pairs,), days from the episode's end to what is known now

    @classmethod
    def joined(cls, parts: Sequence[Examples]) -> Examples:
        """The pairs of several episodes."""
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def take(self, rows: NDArray[np.bool_]) -> Examples:
        """Some of the pairs."""
        return Examples(
            self.features[rows],
            self.bought[rows],
            self.weight[rows],
            self.sku[rows],
            self.age[rows],
        )


def past_episodes(shop: Shop, *, as_of: np.datetime64) -> list[Episode]:
    """Episodes that ended by `as_of`, for each horizon the latest PER_HORIZON."""
    if not len(shop.events):
        return []
    earliest = shop.events.time[0] + days(HISTORY_DAYS)
    starts = [
        Episode(as_of - days(horizon + STEP_DAYS * back), horizon)
        for horizon in HORIZONS
        for back in range(PER_HORIZON)
    ]
    return [episode for episode in starts if episode.as_of >= earliest]


def new_within(shop: Shop, episode: Episode) -> NDArray[np.integer]:
    """Positions of the products that were new in the episode."""
    new_at = shop.new_at
    return np.flatnonzero((new_at >= episode.as_of) & (new_at < episode.until))


def launched(shop: Shop, positions: NDArray[np.integer]) -> Products:
    """Those products as they stood before their launch.

    Only a declared day of launch was known then; when a product was first seen was not.
    """
    return shop.products.take(positions)


def bought_within(
    shop: Shop,
    *,
    customers: NDArray[np.str_],
    skus: NDArray[np.str_],
    since: np.datetime64,
    until: np.datetime64,
) -> NDArray[np.bool_]:
    """(customers, skus): who bought what in that time."""
    row = _places(shop.customers.id, among=customers)
    column = _places(shop.products.sku, among=skus)
    start, end = np.searchsorted(shop.events.time, [since, until], side="left")
    events = shop.events.take(np.arange(start, end))
    events = events.take(events.kind == PURCHASE)
    rows, columns = row[events.customer], column[events.product]
    asked = (rows >= 0) & (columns >= 0)
    bought = np.zeros((len(customers), len(skus)), dtype=bool)
    bought[rows[asked], columns[asked]] = True
    return bought


def _places(names: NDArray[np.str_], *, among: NDArray[np.str_]) -> NDArray[np.integer]:
    """For each name its position in `among`, -1 where it is not there."""
    place = {name: position for position, name in enumerate(among.tolist())}
    return np.array([place.get(name, -1) for name in names.tolist()], dtype=np.int64)


@dataclass(frozen=True)
class Vantage:
    """What could be seen from an instant: histories, and where new products find neighbours."""

    histories: Histories
    neighbourhood: Neighbourhood

    @classmethod
    def of(cls, shop: Shop, *, as_of: np.datetime64) -> Vantage:
        """Everything that `shop` knew before `as_of`."""
        histories = Histories.of(shop, as_of=as_of)
        known = histories.shop.products
        return cls(histories, Neighbourhood.of(known, bought=histories.bought))

    def candidates(self, products: Products, *, horizon_days: float) -> Candidates:
        """New products seen from here."""
        return Candidates.of(
            products,
            histories=self.histories,
            neighbourhood=self.neighbourhood,
            horizon_days=horizon_days,
        )


def past_examples(shop: Shop, *, as_of: np.datetime64, rng: Generator) -> list[Examples]:
    """The examples of every past episode; those that begin together share one vantage."""
    episodes = past_episodes(shop, as_of=as_of)
    examples = []
    for start in sorted({episode.as_of for episode in episodes}):
        vantage = Vantage.of(shop, as_of=start)
        examples += [
            examples_of(shop, episode, vantage=vantage, now=as_of, rng=rng)
            for episode in episodes
            if episode.as_of == start
        ]
    return [some for some in examples if len(some.bought)]


def examples_of(
    shop: Shop, episode: Episode, *, vantage: Vantage, now: np.datetime64, rng: Generator
) -> Examples:
    """Every purchase of the episode, and a share of what was not bought. May be empty."""
    products = launched(shop, _some(new_within(shop, episode), most=MOST_PRODUCTS, rng=rng))
    histories = vantage.histories.sampled(MOST_CUSTOMERS, rng=rng)
    candidates = vantage.candidates(products, horizon_days=episode.horizon_days)
    bought = bought_within(
        shop,
        customers=histories.customers,
        skus=products.sku,
        since=episode.as_of,
        until=episode.until,
    )
    chosen = bought | (rng.random(bought.shape) < NEGATIVES)
    features = [
        pair_features(histories, candidates, rows=rows)[chosen[rows]]
        for rows in block_rows(len(bought), products=len(products), features=len(NAMES))
    ]
    row, column = np.nonzero(chosen)
    positive = bought[row, column]
    return Examples(
        np.concatenate([np.zeros((0, len(NAMES)), dtype=np.float32), *features]),
        positive,
        np.where(positive, 1.0, 1 / NEGATIVES).astype(np.float32),
        products.sku[column],
        np.full(len(row), in_days(now - episode.until), dtype=np.float32),
    )


def _some(positions: NDArray[np.integer], *, most: int, rng: Generator) -> NDArray[np.integer]:
    if len(positions) <= most:
        return positions
    return np.sort(rng.choice(positions, most, replace=False))
