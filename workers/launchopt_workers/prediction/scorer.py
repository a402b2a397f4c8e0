"""One order of scores against one shop: made in blocks of customers, ranked, and stored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from launchopt.audiences.interest import save_interest_scores
from launchopt_ml.interest.episodes import Vantage
from launchopt_ml.interest.features import NAMES
from launchopt_ml.interest.learners import Learner
from launchopt_ml.interest.protocol import Launch, Reason, Session, block_rows
from launchopt_ml.shop import instant
from launchopt_workers.prediction.shops import StoredShop
from launchopt_workers.prediction.versions import loaded

WITH_REASONS = 1_000  # likeliest customers of a product whose reasons are kept
PAIRS_IN_A_STEP = 100_000
MOST_IN_A_STEP = 20


@dataclass(frozen=True)
class Order:
    """What is to be scored, by which model."""

    model_version: str
    product_ids: tuple[int, ...]
    as_of: datetime
    horizon_days: int

    def as_arguments(self) -> dict[str, Any]:
        """As a run keeps it."""
        return asdict(self) | {
            "product_ids": list(self.product_ids),
            "as_of": self.as_of.isoformat(),
        }


class Scorer:
    """One order against one shop."""

    def __init__(self, stored: StoredShop, order: Order) -> None:
        self.stored, self.order = stored, order
        self.model: Learner = loaded(order.model_version)
        self._prepared: dict[tuple[int, ...], Session] = {}

    def chances(
        self, product_ids: Sequence[int], *, customers: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ids (customers,) and probabilities (products, customers): of all, or of some.

        `customers` is a mask over `customer_ids`. Made in blocks of customers.
        """
        session = self._session(product_ids)
        rows = np.arange(len(self.customer_ids)) if customers is None else np.flatnonzero(customers)
        blocks = block_rows(len(rows), products=len(product_ids), features=len(NAMES))
        empty = np.zeros((0, len(product_ids)), dtype=np.float32)
        made = np.concatenate([empty, *(session.score(rows[block]) for block in blocks)])
        return self.customer_ids[rows], made.T

    def save(
        self,
        product_ids: Sequence[int],
        customer_ids: NDArray[np.int64],
        chances: NDArray[np.float32],
    ) -> int:
        """Rank and store what `chances` gave; returns how many scores."""
        session, place = self._session(product_ids), self._places(customer_ids)
        frames = [
            frame_of(
                session, chance, customer_ids=customer_ids, places=place, column=column
            ).with_columns(product_id=pl.lit(product_id))
            for column, (product_id, chance) in enumerate(zip(product_ids, chances, strict=True))
        ]
        return save_interest_scores(
            pl.concat(frames),
            product_ids=product_ids,
            model_version_id=self.order.model_version,
            as_of=self.order.as_of,
            horizon_days=self.order.horizon_days,
        )

    def reasons(self, product_id: int, customer_ids: NDArray[np.int64]) -> dict[int, list[Reason]]:
        """The named factors of these customers' scores, of those still known, by customer."""
        places = self._places(customer_ids)
        known = places >= 0
        found = self._session([product_id]).reasons(product=0, customers=places[known])
        return dict(zip(customer_ids[known].tolist(), found, strict=True))

    @cached_property
    def steps(self) -> list[list[int]]:
        """Products by so many that a step takes seconds and holds PAIRS_IN_A_STEP in memory."""
        known = set(self.stored.product_ids.tolist())
        ids = [product_id for product_id in self.order.product_ids if product_id in known]
        size = min(max(PAIRS_IN_A_STEP // max(len(self.customer_ids), 1), 1), MOST_IN_A_STEP)
        return [ids[start : start + size] for start in range(0, len(ids), size)]

    @cached_property
    def customer_ids(self) -> NDArray[np.int64]:
        """Database ids in the order in which sessions have the customers."""
        return self.stored.ids_of_customers(self._vantage.histories.customers)

    @cached_property
    def _vantage(self) -> Vantage:
        """Made once for all steps, and only if one of them is left to do."""
        return Vantage.of(self.stored.shop, as_of=instant(self.order.as_of))

    def _session(self, product_ids: Sequence[int]) -> Session:
        """The one at hand, or a new one in its place."""
        asked = tuple(product_ids)
        if asked not in self._prepared:
            products = self.stored.shop.products.take(self.stored.places_of(list(asked)))
            days = float(self.order.horizon_days)
            launch = Launch(products, instant(self.order.as_of), days)
            self._prepared = {asked: self.model.prepare_from(self._vantage, launch)}
        return self._prepared[asked]

    def _places(self, customer_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions of customers in a session, -1 of those that have gone meanwhile."""
        order = np.argsort(self.customer_ids)
        found = np.searchsorted(self.customer_ids[order], customer_ids)
        place = order[np.minimum(found, len(order) - 1)]
        return np.where(self.customer_ids[place] == customer_ids, place, -1)


def frame_of(
    session: Session,
    chance: NDArray[np.float32],
    *,
    customer_ids: NDArray[np.int64],
    places: NDArray[np.int64],
    column: int,
) -> pl.DataFrame:
    """Customers of one product, the likeliest first; ties by id. The first ones have reasons."""
    order = np.lexsort((customer_ids, -chance))
    top = places[order[:WITH_REASONS]]
    told = iter(session.reasons(product=column, customers=top[top >= 0]))
    reasons = [json.dumps(next(told)) if place >= 0 else None for place in top]
    return pl.DataFrame(
        {
            "customer_id": customer_ids[order],
            "probability": chance[order].astype(np.float64),
            "rank": np.arange(1, len(order) + 1),
            "reasons": pl.Series(reasons + [None] * (len(order) - len(top)), dtype=pl.String),
        }
    )
