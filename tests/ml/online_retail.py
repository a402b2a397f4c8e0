"""The real shop, read and cleaned by polars as the mapping of the import does it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import polars as pl

from launchopt_ml.shop import Customers, Events, Products, Shop, kind_codes

ROOT = Path(__file__).parents[2]
FILE = (
    Path(os.environ.get("LAUNCHOPT_DATA", ROOT.parent / "shared" / "data")) / "online_retail.csv.gz"
)


def cleaned(path: Path = FILE) -> pl.DataFrame:
    """Purchases and returns of known customers, exact repeats removed, oldest first."""
    rows = pl.read_csv(path, infer_schema_length=0).with_columns(
        time=pl.col("InvoiceDate").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us"),
        customer=pl.col("CustomerID").str.strip_suffix(".0"),
        quantity=pl.col("Quantity").cast(pl.Float64),
        price=pl.col("UnitPrice").cast(pl.Float64),
        cancelled=pl.col("InvoiceNo").str.starts_with("C"),
    )
    kept = rows.filter(
        pl.col("customer").is_not_null(),
        pl.col("price") > 0,
        pl.col("StockCode").str.contains(r"^\d{5}"),
        pl.col("cancelled") | (pl.col("quantity") > 0),
    )
    return kept.unique(maintain_order=True).sort("time", maintain_order=True)


def products_of(rows: pl.DataFrame) -> pl.DataFrame:
    """The most frequent description of a code and its first price."""
    return (
        rows.group_by("StockCode")
        .agg(
            text=pl.col("Description").drop_nulls().mode().sort().first(),
            price=pl.col("price").first(),
        )
        .sort("StockCode")
    )


def online_retail(path: Path = FILE, *, encode=None) -> Shop:
    """The shop; `encode` turns texts into embeddings, without it they have no width."""
    rows = cleaned(path)
    products = products_of(rows)
    texts = products["text"].fill_null("").to_list()
    customers = sorted(rows["customer"].unique().to_list())
    position = {name: number for number, name in enumerate(customers)}
    sku = {code: number for number, code in enumerate(products["StockCode"])}
    count = len(texts)
    return Shop(
        Products(
            sku=products["StockCode"].to_numpy().astype(str),
            text=np.array(texts, dtype=object),
            category=np.full(count, ""),
            price=products["price"].to_numpy(),
            new_at=np.full(count, np.datetime64("NaT", "us")),
            embedding=encode(texts) if encode else np.zeros((count, 0), dtype=np.float32),
        ),
        Customers(np.array(customers), np.full(len(customers), np.datetime64("NaT", "us"))),
        Events(
            customer=rows["customer"].replace_strict(position).to_numpy().astype(np.int32),
            product=rows["StockCode"].replace_strict(sku).to_numpy().astype(np.int32),
            kind=kind_codes(np.where(rows["cancelled"].to_numpy(), "return", "purchase").tolist()),
            quantity=rows["quantity"].abs().to_numpy().astype(np.float32),
            price=rows["price"].to_numpy().astype(np.float32),
            time=rows["time"].to_numpy().astype("datetime64[us]"),
        ),
    )
