"""Labelled examples: past launches, and known products rehearsed as if they were new.

A rehearsal asks who bought a known product in a stretch of the past while its own sales speak for
nobody. A shop has many more products than launches, and taste is the same for both; how well
something new sells is learned from launches alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from launchopt_ml.interest.episodes import (
    HISTORY_DAYS,
    HORIZONS,
    Episode,
    Vantage,
    launched,
    new_within,
)
from launchopt_ml.interest.facts import days_on_sale, log_days
from launchopt_ml.interest.features import NAMES, Candidates, panel_of
from launchopt_ml.interest.histories import Histories
from launchopt_ml.interest.neighbours import places_of
from launchopt_ml.interest.protocol import block_rows
from launchopt_ml.shop import PURCHASE, Products, Shop, days, in_days

STEP_DAYS = 15.0  # between the instants that are looked from
MOST_INSTANTS = 12
MOST_CUSTOMERS = 8_000
MOST_PRODUCTS = 400
FEW_REHEARSED, MOST_REHEARSED = 150, 300
SELLING_DAYS = 90.0  # a product that nobody bought for so long is not rehearsed
FEW_NEGATIVES, MANY_NEGATIVES = 8, 16  # pairs without a purchase at an instant for each with one,
FEWEST_NEGATIVES, MOST_NEGATIVES = 2_000, 80_000  # within these bounds, if there are so many
MANY_PURCHASES = 50_000  # a shop with so many is given minutes to learn, another learns in seconds
ON_SALE = NAMES.index("days_on_sale")


@dataclass(frozen=True)
class Examples:
    """Pairs of customer and product, with what came of them."""

    features: NDArray[np.float32]  # (pairs, NAMES)
    bought: NDArray[np.bool_]  # (pairs,)
    weight: NDArray[np.float32]  # (pairs,), how many pairs each stands for
    sku: NDArray[np.str_]  # (pairs,)
    age: NDArray[np.float32]  # (pairs,), days from the episode's end to what is known now
    group: NDArray[np.int64]  # (pairs,), one number for each product in each episode
    is_launch: NDArray[np.bool_]  # (pairs,), False for what was rehearsed

    @classmethod
    def joined(cls, parts: Sequence[Examples]) -> Examples:
        """The pairs of several episodes, their groups told apart."""
        start = np.cumsum([0, *(part.group.max(initial=-1) + 1 for part in parts)])
        parts = [replace(p, group=p.group + s) for p, s in zip(parts, start[:-1], strict=True)]
        names = [field.name for field in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def take(self, rows: NDArray[np.bool_]) -> Examples:
        """Some of the pairs."""
        return Examples(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def launches(self) -> Examples:
        """The pairs of launches alone."""
        return self.take(self.is_launch)


def past_examples(shop: Shop, *, as_of: np.datetime64, rng: Generator) -> list[Examples]:
    """The examples of every past episode, the oldest first."""
    if not len(shop.events):
        return []
    earliest = shop.events.time[0] + days(HISTORY_DAYS)
    ages = min(HORIZONS) + STEP_DAYS * np.arange(MOST_INSTANTS)[::-1]
    starts = [(as_of - days(float(age)), float(age)) for age in ages]
    examples = [
        part
        for start, age in starts
        if start >= earliest
        for part in examples_at(shop, start, age=age, rng=rng)
    ]
    return [some for some in examples if len(some.bought)]


def examples_at(shop: Shop, start: np.datetime64, *, age: float, rng: Generator) -> list[Examples]:
    """What can be learned from one instant, `age` days ago: an episode for each horizon since."""
    horizons = [horizon for horizon in HORIZONS if horizon <= age]
    asked = _Asked.of(shop, start, length=max(horizons), rng=rng)
    vantage = Vantage.of(shop, as_of=start)
    histories = vantage.histories.sampled(MOST_CUSTOMERS, rng=rng)
    candidates = vantage.candidates(asked.products, horizon_days=max(horizons))
    first = first_bought(shop, histories, skus=asked.products.sku)
    bought = first < max(horizons)
    negatives = MANY_NEGATIVES if _is_large(shop) else FEW_NEGATIVES
    wanted = np.clip(negatives * bought.sum(), FEWEST_NEGATIVES, MOST_NEGATIVES)
    share = min(1.0, float(wanted) / max(first.size, 1))
    drawn = rng.random(first.shape) < share
    chosen = drawn | bought
    features = _features(histories, candidates, chosen)
    _, column = np.nonzero(chosen)
    pairs = _Pairs(asked, start, age, share, column, first[chosen], drawn[chosen], features)
    return [pairs.within(horizon, is_longest=horizon == max(horizons)) for horizon in horizons]


def first_bought(
    shop: Shop, histories: Histories, *, skus: NDArray[np.str_]
) -> NDArray[np.float32]:
    """(customers, skus): days from the histories' instant to the first purchase, else infinity."""
    row = places_of(shop.customers.id, among=histories.customers)
    column = places_of(shop.products.sku, among=skus)
    events = shop.events.take(
        (shop.events.kind == PURCHASE) & (shop.events.time >= histories.as_of)
    )
    rows, columns = row[events.customer], column[events.product]
    asked = (rows >= 0) & (columns >= 0)
    after = in_days(events.time - histories.as_of)[asked].astype(np.float32)
    first = np.full((len(histories.customers), len(skus)), np.inf, dtype=np.float32)
    np.minimum.at(first, (rows[asked], columns[asked]), after)
    return first


def selling(shop: Shop, *, as_of: np.datetime64) -> NDArray[np.integer]:
    """Positions of the products that were bought within SELLING_DAYS before `as_of`."""
    events = shop.events
    lately = (events.time < as_of) & (events.time >= as_of - days(SELLING_DAYS))
    return np.unique(events.product[lately & (events.kind == PURCHASE)])


@dataclass(frozen=True)
class _Asked:
    """The products of one instant: its launches, then those rehearsed."""

    products: Products
    new_after: NDArray[np.float64]  # (products,), days from the instant; below 0 if rehearsed
    is_launch: NDArray[np.bool_]

    @classmethod
    def of(cls, shop: Shop, start: np.datetime64, *, length: float, rng: Generator) -> _Asked:
        new = _some(new_within(shop, Episode(start, length)), most=MOST_PRODUCTS, rng=rng)
        most = MOST_REHEARSED if _is_large(shop) else FEW_REHEARSED
        old = _some(selling(shop, as_of=start), most=most, rng=rng)
        both = np.concatenate([new, old])
        after = in_days(shop.new_at[both] - start)
        return cls(launched(shop, both), after, np.arange(len(both)) < len(new))


@dataclass(frozen=True)
class _Pairs:
    """The pairs chosen at one instant, whatever the horizon."""

    asked: _Asked
    start: np.datetime64
    age: float
    share: float  # of the pairs without a purchase
    column: NDArray[np.integer]  # (pairs,), the product
    first: NDArray[np.float32]  # (pairs,), days to the first purchase, else infinity
    drawn: NDArray[np.bool_]  # (pairs,), chosen whether or not it was bought
    features: NDArray[np.float32]  # (pairs, NAMES)

    def within(self, horizon: float, *, is_longest: bool) -> Examples:
        """The episode of this length. May be empty. Rehearsals are part of the longest alone."""
        asked, products = self.asked, self.asked.products
        bought = self.first < horizon
        kept = (asked.new_after[self.column] < horizon) & (bought | self.drawn)
        kept &= asked.is_launch[self.column] | is_longest
        bought, column = bought[kept], self.column[kept]
        features = self.features[kept]
        on_sale = days_on_sale(products, as_of=self.start, horizon_days=horizon)
        features[:, ON_SALE] = log_days(on_sale)[column]
        return Examples(
            features,
            bought,
            np.where(bought, 1.0, 1 / self.share).astype(np.float32),
            products.sku[column],
            np.full(len(column), self.age - horizon, dtype=np.float32),
            column,
            asked.is_launch[column],
        )


def _features(
    histories: Histories, candidates: Candidates, chosen: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """(chosen pairs, NAMES), by customer."""
    count, products = chosen.shape
    parts = [
        panel_of(histories, candidates, rows=rows).of(chosen[rows])
        for rows in block_rows(count, products=products, features=len(NAMES))
    ]
    return np.concatenate([np.zeros((0, len(NAMES)), dtype=np.float32), *parts])


def _is_large(shop: Shop) -> bool:
    return int(np.count_nonzero(shop.events.kind == PURCHASE)) >= MANY_PURCHASES


def _some(positions: NDArray[np.integer], *, most: int, rng: Generator) -> NDArray[np.integer]:
    if len(positions) <= most:
        return positions
    return np.sort(rng.choice(positions, most, replace=False))
