"""LightFM (Kula, 2015) with the words of a text as the features of a product, WARP loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from launchopt_ml.interest.neighbours import TermSpace, words_of
from launchopt_ml.interest.protocol import Launch
from launchopt_ml.shop import PURCHASE, Shop

COMPONENTS = 64
EPOCHS = 30


class LightFMPeer:
    """A new product has no column of its own: its words must speak for it."""

    def __init__(self, *, threads: int = 2) -> None:
        self.threads = threads

    def fit(self, shop: Shop, *, as_of: np.datetime64, seed: int = 0) -> Self:
        """Learn factors of customers and of words from who bought what before `as_of`."""
        from lightfm import LightFM

        known = shop.before(as_of).in_order()
        texts = known.products.text.tolist()
        self._space = TermSpace.of(texts, terms_of=words_of)
        self._model = LightFM(no_components=COMPONENTS, loss="warp", random_state=seed)
        words = self._space.rows(texts).astype(np.float32)
        bought = known.events.take(known.events.kind == PURCHASE)
        shape = (len(known.customers), len(texts))
        ones = np.ones(len(bought), dtype=np.float32)
        pairs = sp.coo_matrix((ones, (bought.customer, bought.product)), shape=shape).tocsr()
        pairs.data[:] = 1
        self._model.fit(pairs.tocoo(), item_features=words, epochs=EPOCHS, num_threads=self.threads)
        return self

    def prepare(self, shop: Shop, launch: Launch) -> FactorSession:
        """The factors of the new products by their words."""
        customers = shop.before(launch.as_of).in_order().customers.id
        words = self._space.rows(launch.products.text.tolist()).astype(np.float32)
        item_bias, items = self._model.get_item_representations(words)
        user_bias, users = self._model.get_user_representations()
        return FactorSession(customers, users, user_bias, items, item_bias)


@dataclass(frozen=True)
class FactorSession:
    """Dot products; no probabilities."""

    customers: NDArray[np.str_]
    users: NDArray[np.float32]
    user_bias: NDArray[np.float32]
    items: NDArray[np.float32]
    item_bias: NDArray[np.float32]

    def score(self, rows: slice) -> NDArray[np.float32]:
        """(customers in rows, products)."""
        found = self.users[rows] @ self.items.T + self.user_bias[rows, None] + self.item_bias
        return np.asarray(found, dtype=np.float32)

    def reasons(self, **_: Any) -> list[Any]:
        """It has none."""
        return []
