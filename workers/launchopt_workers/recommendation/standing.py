"""Stored lists as arrays, and what of them changed as rows again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from launchopt_core.reasons import SOURCES
from launchopt_ml.recommendation.exploration import hashed
from launchopt_ml.recommendation.joining import Standing
from launchopt_ml.recommendation.places import NOTHING
from launchopt_ml.recommendation.ranking import EXPLORATION, INTEREST
from launchopt_ml.recommendation.seating import Seats


@dataclass(frozen=True)
class StoredLists:
    """Lists as (customers, places), in order of the ranks; NOTHING where a list ends."""

    customer_ids: NDArray[np.int64]  # (customers,), in order
    standing: Standing  # in product ids
    row_ids: NDArray[np.int64]
    ranks: NDArray[np.int64]

    @classmethod
    def of(cls, rows: pl.DataFrame) -> StoredLists:
        """From rows by customer and rank, with the columns of `audiences.newcomers.STANDING`."""
        ids, first, row = np.unique(
            rows["customer_id"].to_numpy(), return_index=True, return_inverse=True
        )
        place = np.arange(len(row)) - first[row]
        shape = (len(ids), int(place.max(initial=-1)) + 1)

        def dense(values: NDArray[Any], empty: Any) -> NDArray[Any]:
            filled = np.full(shape, empty, dtype=values.dtype)
            filled[row, place] = values
            return filled

        seats = Seats(
            dense(rows["product_id"].to_numpy(), NOTHING),
            dense(rows["score"].to_numpy(), 0.0),
            dense(rows["propensity"].fill_null(float("nan")).to_numpy(), np.nan),
        )
        whose = rows[first.tolist()]
        standing = Standing(
            seats,
            dense((rows["is_new"] == "t").to_numpy(), False),
            hashed(whose["external_id"].to_list()),
            whose["day"].to_numpy(),
        )
        ranks = dense(rows["rank"].to_numpy(), 0)
        return cls(ids, standing, dense(rows["id"].to_numpy(), NOTHING), ranks)

    def chances(self, scores: pl.DataFrame, *, product_ids: list[int]) -> NDArray[np.float64]:
        """(customers, products), 0 where there is no score. `product_ids` in order."""
        chance = np.zeros((len(self.customer_ids), len(product_ids)))
        own = scores.filter(pl.col("customer_id").is_in(self.customer_ids.tolist()))
        row = np.searchsorted(self.customer_ids, own["customer_id"].to_numpy())
        column = np.searchsorted(product_ids, own["product_id"].to_numpy())
        chance[row, column] = own["probability"].to_numpy()
        return chance

    def changes(self, seats: Seats) -> pl.DataFrame:
        """What stands elsewhere now, or with another propensity: rows of `newcomers.PLACES`.

        Without reasons; a newcomer is what comes from no row.
        """
        before, width = self.standing.seats, seats.product.shape[1]
        was, row_ids = (_widened(a, width=width) for a in (before.product, self.row_ids))
        propensity = _widened(before.propensity, width=width, empty=np.nan)
        same = (seats.product == was) & _equal(seats.propensity, propensity)
        row, place = np.nonzero(~same)
        product, now = seats.product[row, place], seats.propensity[row, place]
        stood = (was[row] == product[:, None]) & (product[:, None] != NOTHING)
        is_known, is_drawn = stood.any(axis=1), ~np.isnan(now)
        source = np.where(is_drawn, SOURCES[EXPLORATION], np.where(is_known, "", SOURCES[INTEREST]))
        frame = pl.DataFrame(
            {
                "id": row_ids[row, place],
                "from_id": np.where(is_known, row_ids[row, stood.argmax(axis=1)], NOTHING),
                "customer_id": self.customer_ids[row],
                "rank": self._ranks(row, place),
                "product_id": product,
                "score": seats.score[row, place],
                "source": source,
                "propensity": pl.Series(now, dtype=pl.Float64).fill_nan(None),
            },
            schema_overrides={"source": pl.String},
        )
        absent = [
            pl.when(pl.col(name) != NOTHING).then(pl.col(name)).alias(name)
            for name in ("id", "from_id", "product_id")
        ]
        told = pl.when(pl.col("source") != "").then(pl.col("source")).alias("source")
        return frame.with_columns(*absent, told)

    def _ranks(self, row: NDArray[np.integer], place: NDArray[np.integer]) -> NDArray[np.integer]:
        """The rank of a place; places that are added follow the last one."""
        count = (self.row_ids != NOTHING).sum(axis=1)[row]
        last = self.ranks.max(axis=1)[row]
        stood = self.ranks[row, np.minimum(place, self.ranks.shape[1] - 1)]
        return np.asarray(np.where(place < count, stood, last + place - count + 1))


def _widened(values: NDArray[Any], *, width: int, empty: Any = NOTHING) -> NDArray[Any]:
    missing = max(width - values.shape[1], 0)
    return np.pad(values, ((0, 0), (0, missing)), constant_values=empty)[:, :width]


def _equal(some: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Propensities that need no writing: equal, or nearer than a reader would care."""
    return np.isclose(some, others, rtol=1e-6, atol=0, equal_nan=True)
