"""LightGBM on plain features, learned from past windows: what a good analyst would try first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from benchmarks.cold_start.votes import MiniLMVotes
from launchopt_ml.interest.baselines import ContentInterest
from launchopt_ml.interest.episodes import Episode, bought_within, launched, new_within
from launchopt_ml.interest.histories import TRAITS, Histories
from launchopt_ml.interest.protocol import Launch, block_rows
from launchopt_ml.shop import Shop, days

WINDOWS = 5
WINDOW_DAYS = 60.0
STEP_DAYS = 30.0
NEGATIVES = 0.1
CUSTOMER = ("products_bought", "order_days", "bought_in_60_days", "days_since_purchase")
FEATURES = ("votes_by_words", "votes_by_meaning", *CUSTOMER, "usual_price", "price", "price_fit")
PARAMETERS = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 200,
    "verbose": -1,
    "deterministic": True,
    "force_row_wise": True,
}
ROUNDS = 200


class LightGBMPeer:
    """Customer x new product from nine features."""

    def __init__(self, *, threads: int = 2) -> None:
        self.threads = threads

    def fit(self, shop: Shop, *, as_of: np.datetime64, seed: int = 0) -> Self:
        """Learn from the launches of up to five windows that ended before `as_of`."""
        rng = np.random.default_rng(seed)
        starts = [as_of - days(WINDOW_DAYS + STEP_DAYS * back) for back in range(WINDOWS)]
        earliest = shop.events.time[0] + days(STEP_DAYS)
        known = shop.before(as_of)
        parts = [
            _examples(known, Episode(start, WINDOW_DAYS), rng=rng)
            for start in starts
            if start >= earliest
        ]
        features, bought, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
        data = lgb.Dataset(features, bought, weight=weight, feature_name=list(FEATURES))
        parameters = PARAMETERS | {"seed": seed, "num_threads": self.threads}
        self._model = lgb.train(parameters, data, num_boost_round=ROUNDS)
        return self

    def prepare(self, shop: Shop, launch: Launch) -> PlainSession:
        """Histories and votes."""
        return PlainSession(Plain.of(shop, launch), self._model, self.threads)


@dataclass(frozen=True)
class Plain:
    """The plain features of a launch, made block by block."""

    histories: Histories
    votes: tuple[Any, Any]
    log_price: NDArray[np.float64]  # (products,), NaN where there is none

    @classmethod
    def of(cls, shop: Shop, launch: Launch) -> Plain:
        """As of the launch's beginning."""
        histories = Histories.of(shop, as_of=launch.as_of)
        votes = tuple(way().relative(histories, launch) for way in (ContentInterest, MiniLMVotes))
        price = launch.products.price
        with np.errstate(invalid="ignore", divide="ignore"):
            log_price = np.where(price > 0, np.log(price), np.nan)
        return cls(histories, (votes[0], votes[1]), log_price)

    def block(self, rows: slice) -> NDArray[np.float32]:
        """(customers in rows, products, FEATURES)."""
        words, sense = (np.log(vote(rows) + 0.02) for vote in self.votes)
        customer = self.histories.traits[rows][:, [TRAITS.index(name) for name in CUSTOMER]]
        usual = self.histories.log_price[rows, None]
        columns = [words, sense]
        columns += [np.broadcast_to(trait[:, None], words.shape) for trait in customer.T]
        columns += [np.broadcast_to(usual, words.shape)]
        columns += [np.broadcast_to(self.log_price, words.shape), self.log_price - usual]
        return np.stack(columns, axis=2).astype(np.float32)


@dataclass(frozen=True)
class PlainSession:
    """One launch against one shop."""

    plain: Plain
    model: lgb.Booster
    threads: int

    @property
    def customers(self) -> NDArray[np.str_]:
        """Everyone known."""
        return self.plain.histories.customers

    def score(self, rows: slice) -> NDArray[np.float32]:
        """(customers in rows, products), probabilities."""
        block = self.plain.block(rows)
        said = self.model.predict(block.reshape(-1, len(FEATURES)), num_threads=self.threads)
        return np.asarray(said, dtype=np.float32).reshape(block.shape[:2])

    def reasons(self, **_: Any) -> list[Any]:
        """It has none."""
        return []


def _examples(
    shop: Shop, episode: Episode, *, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float64]]:
    """Every purchase of the window's launches, and a tenth of what was not bought."""
    launch = Launch(launched(shop, new_within(shop, episode)), episode.as_of, episode.horizon_days)
    plain = Plain.of(shop, launch)
    bought = bought_within(
        shop,
        customers=plain.histories.customers,
        skus=launch.products.sku,
        since=episode.as_of,
        until=episode.until,
    )
    chosen = bought | (rng.random(bought.shape) < NEGATIVES)
    blocks = block_rows(len(bought), products=bought.shape[1], features=len(FEATURES))
    empty = np.zeros((0, len(FEATURES)), dtype=np.float32)
    features = [plain.block(rows)[chosen[rows]] for rows in blocks]
    true = bought[chosen]
    return np.concatenate([empty, *features]), true, np.where(true, 1.0, 1 / NEGATIVES)
