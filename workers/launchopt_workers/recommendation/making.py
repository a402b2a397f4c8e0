"""Lists as rows: in database ids to be stored, with reasons in words to be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from launchopt.audiences.reason_lines import phrases_told
from launchopt.audiences.recommendations import General, languages_by_customer
from launchopt.audiences.showing import language_of
from launchopt.conf import launchopt_settings
from launchopt_core.reasons import DEEDS, SOURCES, Grounds, sentence
from launchopt_ml.recommendation.lists import Lists, Recommender
from launchopt_ml.recommendation.ranking import INTEREST, Weights
from launchopt_ml.shop import instant
from launchopt_workers.recommendation.rankers import ranker_for
from launchopt_workers.recommendation.reading import Stock

SCHEMA = {
    "customer_id": pl.Int64,
    "customer": pl.String,
    "product_id": pl.Int64,
    "sku": pl.String,
    "rank": pl.Int16,
    "score": pl.Float64,
    "source": pl.String,
    "propensity": pl.Float64,
    "reason": pl.String,
    "is_new": pl.Boolean,
    "is_personal": pl.Boolean,
}


@dataclass(frozen=True)
class Maker:
    """Makes lists of one shop as of one instant."""

    stock: Stock
    recommender: Recommender
    places: NDArray[np.int64]  # in the stock, of the products that were known then

    @classmethod
    def of(cls, stock: Stock, *, as_of: datetime) -> Maker:
        """Ready to make the list of anybody in the stock."""
        recommender = Recommender.of(
            stock.shop,
            as_of=instant(as_of),
            sellable=stock.sellable,
            interest=stock.interest,
            weights=Weights(exploration=launchopt_settings().recommendation_exploration),
            ranker=ranker_for(as_of),
        )
        known = np.isin(stock.shop.products.sku, recommender.known.products.sku)
        return cls(stock, recommender, np.flatnonzero(known))

    def rows(
        self, customer_ids: NDArray[np.integer], *, count: int, only_new: bool = False
    ) -> pl.DataFrame:
        """The entries (SCHEMA) of these customers, all of whom are known, by customer and rank."""
        places = np.searchsorted(self.stock.customer_ids, customer_ids)
        blocks = self.recommender.lists(places, count=count, only_new=only_new)
        frames = [self._frame(block) for block in blocks]
        return pl.concat([pl.DataFrame(schema=SCHEMA), *frames])

    @property
    def considered(self) -> list[int]:
        """Ids of the fresh products whose predicted interest the lists were made with."""
        made = self.recommender
        predicted = np.asarray(made.interest.sum(axis=0)).ravel() > 0
        ids: list[int] = self._product_ids[predicted & made.is_fresh].tolist()
        return ids

    def for_strangers(self, *, count: int) -> list[General]:
        """The list for customers of whom nothing is known."""
        stranger = np.array([len(self.stock.customer_ids)])
        entries = [
            (block, row)
            for block in self.recommender.lists(stranger, count=count)
            for row in range(len(block))
        ]
        return [
            General(
                product_id=int(self._product_ids[block.product[row]]),
                score=float(block.score[row]),
                source=SOURCES[block.source[row]],
                propensity=_or_none(block.propensity[row]),
                is_new=bool(block.is_new[row]),
                is_fresh=bool(self.recommender.is_fresh[block.product[row]]),
            )
            for block, row in entries
        ]

    def _frame(self, block: Lists) -> pl.DataFrame:
        customers = self.recommender.known.customers
        liking = self.recommender.tastes.liking
        columns = {
            "customer_id": self.stock.customer_ids[block.customer],
            "customer": customers.id[block.customer],
            "product_id": self._product_ids[block.product],
            "sku": self.recommender.known.products.sku[block.product],
            "rank": block.rank,
            "score": block.score,
            "source": np.array(SOURCES)[block.source],
            "propensity": pl.Series(block.propensity).fill_nan(None),
            "reason": [self._reason(block, row) for row in range(len(block))],
            "is_new": block.is_new,
            "is_personal": np.diff(liking.indptr)[block.customer] > 0,
        }
        return pl.DataFrame(columns, schema_overrides=SCHEMA)

    def _reason(self, block: Lists, row: int) -> str:
        product = int(block.product[row])
        customer_id = int(self.stock.customer_ids[block.customer[row]])
        if block.source[row] == INTEREST:
            grounds = self._predicted(customer_id, product)
        else:
            grounds = self._spoken_for(block, row)
        language = language_of(
            self._languages.get(customer_id, ""), self.stock.languages[self.places[product]]
        )
        return sentence(grounds, language=language, words=phrases_told(language))

    def _spoken_for(self, block: Lists, row: int) -> Grounds:
        """By what the customer did with the products that spoke loudest."""
        product = int(block.product[row])
        named = [place for place in block.named[row].tolist() if place >= 0]
        is_itself = named[:1] == [product]
        named = named[:1] if is_itself else [place for place in named if place != product]
        return Grounds(
            source=SOURCES[block.source[row]],
            titles=[self.stock.titles[self.places[place]] for place in named],
            deed=DEEDS[block.deed[row]] if named else "",
            is_itself=is_itself,
            is_fresh=bool(self.recommender.is_fresh[product]),
        )

    def _predicted(self, customer_id: int, product: int) -> Grounds:
        """By the score's own reasons, which are kept for the likeliest customers."""
        sku = self.stock.voices.get((customer_id, int(self._product_ids[product])))
        title = self._titles.get(sku or "")
        is_fresh = bool(self.recommender.is_fresh[product])
        source = SOURCES[INTEREST]
        if title is None:
            return Grounds(source, is_fresh=is_fresh)
        return Grounds(source, titles=[title], deed="purchase", is_fresh=is_fresh)

    @cached_property
    def _titles(self) -> dict[str, str]:
        return dict(zip(self.stock.shop.products.sku.tolist(), self.stock.titles, strict=True))

    @cached_property
    def _product_ids(self) -> NDArray[np.int64]:
        return self.stock.product_ids[self.places]

    @cached_property
    def _languages(self) -> dict[int, str]:
        return languages_by_customer()


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
