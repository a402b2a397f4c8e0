"""The shop in the database as the columns that models read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from io import StringIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from launchopt.audiences.snapshots import Snapshot, snapshot
from launchopt_ml.shop import KINDS, Customers, Events, Products, Shop


@dataclass(frozen=True)
class StoredShop:
    """A shop, and the database ids of its rows."""

    shop: Shop
    product_ids: NDArray[np.int64]  # in the order of shop.products
    customer_ids: NDArray[np.int64]  # in the order of shop.customers

    def places_of(self, product_ids: list[int]) -> NDArray[np.integer]:
        """Positions of these products, in the order of their ids."""
        return np.flatnonzero(np.isin(self.product_ids, product_ids))

    def ids_of_customers(self, names: NDArray[np.str_]) -> NDArray[np.int64]:
        """Database ids by external id."""
        known = dict(zip(self.shop.customers.id.tolist(), self.customer_ids, strict=True))
        return np.array([known[name] for name in names.tolist()], dtype=np.int64)


def stored_shop(*, before: datetime, encoder: str) -> StoredShop:
    """What the database knows of before an instant; every product is in it, seen or not."""
    found = snapshot(before=before, encoder=encoder)
    products = found.products
    return StoredShop(
        Shop(_products(products, found.vectors), _customers(found), _events(found)),
        products["id"].to_numpy(),
        found.customers["id"].to_numpy(),
    )


def _products(products: pl.DataFrame, vectors: pl.DataFrame) -> Products:
    return Products(
        sku=_names(products["sku"]),
        text=np.array(products["text"].to_list(), dtype=object),
        category=_names(products["category"]),
        price=products["price"].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
        new_at=_instants(products["launched_at"]),
        embedding=_embeddings(products["id"], vectors),
    )


def _customers(found: Snapshot) -> Customers:
    return Customers(_names(found.customers["external_id"]), _instants(found.customers["known_at"]))


def _events(found: Snapshot) -> Events:
    """Events of kinds that a model reads, oldest first."""
    rows = found.events.filter(pl.col("kind").is_in(list(KINDS)))
    return Events(
        customer=_places(rows["customer_id"], among=found.customers["id"]),
        product=_places(rows["product_id"], among=found.products["id"]),
        kind=_places(rows["kind"], among=pl.Series(list(KINDS))).astype(np.int8),
        quantity=rows["quantity"].cast(pl.Float32).to_numpy(),
        price=rows["price"].cast(pl.Float32).fill_null(float("nan")).to_numpy(),
        time=_instants(rows["time"]),
    )


def _places(values: pl.Series, *, among: pl.Series) -> NDArray[np.int32]:
    """The position of each value among distinct ones."""
    table = pl.DataFrame({"value": among}).with_row_index("place")
    joined = pl.DataFrame({"value": values}).join(
        table, on="value", how="left", maintain_order="left"
    )
    return joined["place"].cast(pl.Int32).to_numpy()


def _names(values: pl.Series) -> NDArray[np.str_]:
    return np.array(values.to_list(), dtype=str)


def _instants(values: pl.Series) -> NDArray[np.datetime64]:
    """Microseconds as instants; nothing becomes NaT."""
    return np.asarray(values.cast(pl.Datetime("us")).to_numpy(), dtype="datetime64[us]")


def _embeddings(ids: pl.Series, vectors: pl.DataFrame) -> NDArray[np.float32]:
    """(products, width); a product whose text is unread has a row of zeros."""
    if vectors.is_empty():
        return np.zeros((len(ids), 0), dtype=np.float32)
    rows = StringIO("\n".join(text[1:-1] for text in vectors["vector"]))
    read = pl.read_csv(rows, has_header=False).cast(pl.Float32).to_numpy()
    found = np.zeros((len(ids), read.shape[1]), dtype=np.float32)
    found[_places(vectors["product_id"], among=ids)] = read
    return found
