"""New products put into the lists that stand, as soon as they have scores: nothing is made anew.

It needs no torch, and so runs beside whatever the workers that have it are busy with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from launchopt.audiences.newcomers import (
    alone,
    blocks_of_customers,
    change_lists,
    fill_waiting_audiences,
    newcomers,
    note_offered,
    usual_chances,
)
from launchopt.audiences.reason_lines import phrases_told
from launchopt.audiences.recommendations import (
    STRANGERS_KEPT,
    General,
    change_strangers_list,
    has_lists,
)
from launchopt.audiences.showing import language_of
from launchopt.catalog.models import Product
from launchopt.conf import launchopt_settings
from launchopt.operations.runs import Work
from launchopt_core.reasons import SOURCES, Grounds, sentence
from launchopt_ml.recommendation.exploration import hashed
from launchopt_ml.recommendation.joining import Newcomers, joined
from launchopt_ml.recommendation.places import NOTHING
from launchopt_ml.recommendation.ranking import EXPLORATION, INTEREST, Weights
from launchopt_ml.recommendation.scoring import DIGITS
from launchopt_ml.recommendation.seating import Seats
from launchopt_workers.recommendation.standing import StoredLists

STRANGER = ""
EPOCH = date(1970, 1, 1).toordinal()


def offer(work: Work) -> dict[str, Any]:
    """Put what is new, scored and on sale into lists, and fill the audiences that wait for it."""
    with alone() as is_alone:
        return _offer(work) if is_alone else {"products": 0, "places": 0, "audiences": 0}


def _offer(work: Work) -> dict[str, Any]:
    """What takes no time comes first."""
    now = work.clock()
    filled = fill_waiting_audiences(now=now)
    products = newcomers(now=now) if has_lists() else []
    ids = [product.pk for product in products]
    changed = 0
    if products:
        change_strangers_list(partial(among_strangers, products=products))
        for block in blocks_of_customers():
            placing = partial(places, products=products)
            changed += change_lists(placing, product_ids=ids, block=block, as_of=now)
        note_offered(ids)
    return {"products": len(ids), "places": changed, "audiences": filled}


def places(
    standing: pl.DataFrame, scores: pl.DataFrame, *, products: Sequence[Product]
) -> pl.DataFrame:
    """The places of lists that change; see `audiences.newcomers.change_lists`."""
    lists = StoredLists.of(standing)
    chance = lists.chances(scores, product_ids=[product.pk for product in products])
    changes = lists.changes(_with(lists, products, chance))
    whose = standing.select("customer_id", "language").unique("customer_id")
    told = changes.join(whose, on="customer_id", how="left", maintain_order="left").join(
        scores.select("customer_id", "product_id", "alike"),
        on=["customer_id", "product_id"],
        how="left",
        maintain_order="left",
    )
    return changes.with_columns(reason=pl.Series(_reasons(told, products), dtype=pl.String))


def among_strangers(
    entries: Sequence[General], as_of: datetime, *, products: Sequence[Product]
) -> list[General]:
    """The list for customers of whom nothing is known, with the products that are new.

    Their chance is what half of the customers exceed.
    """
    usual = usual_chances([product.pk for product in products])
    lists = StoredLists.of(_rows(entries, day=as_of.date().toordinal() - EPOCH))
    chance = np.array([[usual.get(product.pk, 0.0) for product in products]])
    seats = _with(lists, products, chance, count=STRANGERS_KEPT)
    known = {entry.product_id: entry for entry in entries}
    places_taken: list[int] = np.flatnonzero(seats.product[0] != NOTHING).tolist()
    return [_general(known, seats, place) for place in places_taken]


def _with(
    lists: StoredLists,
    products: Sequence[Product],
    chance: NDArray[np.float64],
    *,
    count: int = 0,
) -> Seats:
    """The lists with these products, by id."""
    standing, settings = lists.standing, launchopt_settings()
    new = [product.pk for product in products]
    ids = np.unique(np.append(standing.seats.product, [NOTHING, *new]))  # NOTHING first
    skus = dict(Product.objects.filter(pk__in=ids.tolist()).values_list("pk", "sku"))
    place = np.searchsorted(ids, standing.seats.product) - 1
    seats = joined(
        replace(standing, seats=replace(standing.seats, product=place)),
        Newcomers(np.searchsorted(ids, new) - 1, np.round(chance, DIGITS)),
        hashes=hashed(skus.get(product_id, "") for product_id in ids[1:].tolist()),
        count=max(count or settings.recommendations_kept, place.shape[1]),
        every=Weights(exploration=settings.recommendation_exploration).every,
    )
    return replace(seats, product=ids[seats.product + 1])


def _reasons(changes: pl.DataFrame, products: Sequence[Product]) -> list[str | None]:
    """The sentence of each newcomer; what stood in a list before keeps its own.

    Of the customer's products it names the one that the score's own reasons name first, if any.
    """
    titles = dict(
        Product.objects.filter(
            sku__in=changes["alike"].drop_nulls().unique().to_list()
        ).values_list("sku", "title")
    )
    languages = {product.pk: product.language for product in products}

    def reason(row: dict[str, Any]) -> str | None:
        if row["from_id"] is not None or row["product_id"] is None:
            return None
        named = [titles[row["alike"]]] if row["alike"] in titles and not row["propensity"] else []
        deed = "purchase" if named else ""
        grounds = Grounds(row["source"], titles=named, deed=deed, is_fresh=True)
        language = language_of(row["language"] or "", languages[row["product_id"]])
        return sentence(grounds, language=language, words=phrases_told(language))

    return [reason(row) for row in changes.iter_rows(named=True)]


def _rows(entries: Sequence[General], *, day: int) -> pl.DataFrame:
    """The list for strangers as the rows of a customer."""
    count = len(entries)
    return pl.DataFrame(
        {
            "id": range(count),
            "customer_id": [0] * count,
            "external_id": [STRANGER] * count,
            "rank": range(1, count + 1),
            "product_id": [entry.product_id for entry in entries],
            "score": [entry.score for entry in entries],
            "propensity": pl.Series([entry.propensity for entry in entries], dtype=pl.Float64),
            "is_new": ["t" if entry.is_fresh else "f" for entry in entries],
            "day": [day] * count,
        }
    )


def _general(known: dict[int, General], seats: Seats, place: int) -> General:
    product_id, drawn = int(seats.product[0, place]), not np.isnan(seats.propensity[0, place])
    new = General(product_id, 0.0, SOURCES[INTEREST], is_new=True, is_fresh=True)
    entry = known.get(product_id, new)
    return replace(
        entry,
        score=float(seats.score[0, place]),
        source=SOURCES[EXPLORATION] if drawn else entry.source,
        propensity=float(seats.propensity[0, place]) if drawn else None,
    )
