"""What lists are made from: the shop before an instant as columns, and what may be sold then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

from launchopt.audiences import recommendations
from launchopt.catalog.embeddings import encoder_name
from launchopt_ml.recommendation.lists import FRESH_DAYS
from launchopt_ml.shop import Customers, Shop, days, instant
from launchopt_workers.prediction.shops import StoredShop, stored_shop

STRANGER = ""  # a customer of whom nothing is known; no external id is empty
SINCE_EVER = np.datetime64(0, "us")
GONE = ("", "", None, False)  # a product deleted while it was read


@dataclass(frozen=True)
class Stock:
    """The shop, and what a list says and checks beside it, in the order of its columns.

    Its last customer is the stranger, who has no id.
    """

    shop: Shop
    product_ids: NDArray[np.int64]
    customer_ids: NDArray[np.int64]  # in order, without the stranger
    titles: list[str]
    languages: list[str]
    sellable: NDArray[np.bool_]
    interest: sp.csr_matrix  # (customers, products), probabilities of fresh products
    voices: dict[
        tuple[int, int], str
    ]  # (customer id, product id) -> sku that a score's reasons name


def read_stock(*, as_of: datetime) -> Stock:
    """Everything known before `as_of`; what is in stock is what is there now."""
    read = stored_shop(before=as_of, encoder=encoder_name())
    offers = {row[0]: row[1:] for row in recommendations.offers(at=as_of)}
    facts = [offers.get(product_id, GONE) for product_id in read.product_ids.tolist()]
    shop = _with_known_since(read.shop, [known_at for _, _, known_at, _ in facts])
    shop = _with_stranger(shop)
    return Stock(
        shop,
        read.product_ids,
        read.customer_ids,
        [title for title, *_ in facts],
        [language for _, language, *_ in facts],
        np.array([sellable for *_, sellable in facts], dtype=bool),
        _interest(shop, read, as_of=as_of),
        recommendations.voices_of(_fresh_ids(shop, read, as_of=as_of), as_of=as_of),
    )


def _with_known_since(shop: Shop, known_at: list[datetime | None]) -> Shop:
    """The shop with each product new when it was launched, or else when its row was made."""
    moments = [instant(moment) if moment else np.datetime64("NaT", "us") for moment in known_at]
    new_at = np.array(moments, dtype="datetime64[us]")
    return replace(shop, products=replace(shop.products, new_at=new_at))


def _with_stranger(shop: Shop) -> Shop:
    customers = Customers(
        np.append(shop.customers.id, STRANGER), np.append(shop.customers.joined_at, SINCE_EVER)
    )
    return replace(shop, customers=customers)


def _interest(shop: Shop, read: StoredShop, *, as_of: datetime) -> sp.csr_matrix:
    """(customers, products): what was predicted for products on sale for a short time.

    For the stranger it is what half of the customers exceed.
    """
    scores = recommendations.scores_of(_fresh_ids(shop, read, as_of=as_of), as_of=as_of)
    scores = scores.filter(pl.col("customer_id").is_in(read.customer_ids.tolist()))
    usual = scores.group_by("product_id").agg(pl.col("probability").median())
    stranger = np.full(len(usual), len(read.customer_ids))
    customers = np.searchsorted(read.customer_ids, scores["customer_id"].to_numpy())
    products = pl.concat([scores["product_id"], usual["product_id"]]).to_numpy()
    place = (
        np.concatenate([customers, stranger]),
        np.searchsorted(read.product_ids, products),
    )
    probability = pl.concat([scores["probability"], usual["probability"]]).to_numpy()
    return sp.csr_matrix((probability, place), shape=(len(shop.customers), len(shop.products)))


def _fresh_ids(shop: Shop, read: StoredShop, *, as_of: datetime) -> list[int]:
    fresh = shop.new_at > instant(as_of) - days(FRESH_DAYS)
    ids: list[int] = read.product_ids[fresh].tolist()
    return ids
