"""Shops to measure on, as models read them: straight from the data files, without a database.

    LAUNCHOPT_DATA=/folder/with/the/files python -m benchmarks.shops

prints what there is. The real files are named in docs/howto/import.md; embeddings are made once
and kept in LAUNCHOPT_BENCHMARK_CACHE (default: a folder of the system's temporary directory).
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from launchopt_ml.encoder import load_encoder
from launchopt_ml.interest.episodes import Episode
from launchopt_ml.shop import Customers, Events, Products, Shop, instant, kind_codes

ROOT = Path(__file__).resolve().parents[1]
NOT_DECLARED = np.datetime64("NaT", "us")


class NoData(FileNotFoundError):
    """The file that a shop is made from is not there."""


@dataclass(frozen=True)
class Case:
    """A past instant of a shop at which its next launches are predicted.

    What is chosen is chosen on cases for development; those for the test are only reported.
    """

    shop: str
    cutoff: str
    horizon_days: float
    min_buyers: int
    is_test: bool

    @property
    def episode(self) -> Episode:
        """The horizon's beginning and length."""
        return Episode(instant(self.cutoff), self.horizon_days)


def shop(name: str) -> Shop:
    """The shop of that name, embeddings included. Raises KeyError or NoData."""
    return SHOPS[name]()


def cases(names: Sequence[str] | None = None, *, is_test: bool | None = None) -> list[Case]:
    """The cases of these shops (default: of all); only those for the test, or only the others."""
    return [
        Case(name, cutoff, horizon_days, min_buyers, test)
        for name in names or SHOPS
        for cutoff, horizon_days, min_buyers, test in CASES[name]
        if is_test is None or is_test == test
    ]


def data_file(name: str) -> Path:
    """A file of the folder LAUNCHOPT_DATA. Raises NoData."""
    folder = Path(os.environ.get("LAUNCHOPT_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / name).exists():
        raise NoData(f"There is no {name} in {folder}; set LAUNCHOPT_DATA.")
    return folder / name


def embedded(texts: Sequence[str]) -> NDArray[np.float32]:
    """(texts, width) by the packaged encoder, kept for the next time."""
    encoder = load_encoder()
    folder = os.environ.get("LAUNCHOPT_BENCHMARK_CACHE", "")
    cache = Path(folder) if folder else Path(tempfile.gettempdir()) / "launchopt-benchmarks"
    key = hashlib.sha256("\0".join([encoder.name, *texts]).encode()).hexdigest()[:24]
    file = cache / f"{key}.npy"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        part = cache / f"{key}.{os.getpid()}.npy"
        np.save(part, encoder.encode(texts))
        part.replace(file)  # at once, for runs that stand side by side
    return np.asarray(np.load(file), dtype=np.float32)


def online_retail() -> Shop:
    """Wholesale gifts: 4,362 customers, 3,676 products, a year."""
    from tests.ml.online_retail import online_retail as read

    return read(data_file("online_retail.csv.gz"), encode=embedded)


def online_retail_no_price() -> Shop:
    """The same without any price."""
    whole = online_retail()
    return Shop(
        replace(whole.products, price=np.full(len(whole.products), np.nan)),
        whole.customers,
        replace(whole.events, price=np.full(len(whole.events), np.nan, dtype=np.float32)),
    )


def online_retail_thin_text() -> Shop:
    """The same with no more than the first two words of each text."""
    whole = online_retail()
    texts = [" ".join(text.split()[:2]) for text in whole.products.text]
    thin = replace(whole.products, text=np.array(texts, dtype=object), embedding=embedded(texts))
    return replace(whole, products=thin)


def online_retail_abroad() -> Shop:
    """Only customers who never ordered from the United Kingdom: some 400."""
    from tests.ml.online_retail import cleaned

    whole, rows = online_retail(), cleaned(data_file("online_retail.csv.gz"))
    at_home = rows.filter(pl.col("Country") == "United Kingdom")["customer"].unique().to_list()
    return _of_customers(whole, ~np.isin(whole.customers.id, at_home))


def online_retail_small() -> Shop:
    """600 of the customers, by chance."""
    whole = online_retail()
    some = np.random.default_rng(0).choice(len(whole.customers), 600, replace=False)
    return _of_customers(whole, np.isin(np.arange(len(whole.customers)), some))


def online_retail_sparse() -> Shop:
    """A fifth of what each customer did, by chance."""
    whole = online_retail()
    return _with_events(whole, np.random.default_rng(0).random(len(whole.events)) < 0.2)


def online_retail_young() -> Shop:
    """Nothing recorded before March 2011."""
    whole = online_retail()
    return _with_events(whole, whole.events.time >= instant("2011-03-01"))


def complete_journey() -> Shop:
    """Groceries: 2,373 households, 20,804 products, a thinned year; texts are kinds of product."""
    rows = _baskets()
    sold = rows.group_by("product_id", maintain_order=True).agg(price=pl.col("price").first())
    products = _groceries().join(sold, on="product_id").sort("product_id")
    households = np.unique(rows["household_id"].to_numpy().astype(str))
    texts = products["text"].to_list()
    sku = products["product_id"].to_numpy().astype(str)
    return Shop(
        Products(
            sku=sku,
            text=np.array(texts, dtype=object),
            category=products["category"].to_numpy().astype(str),
            price=products["price"].to_numpy(),
            new_at=np.full(len(sku), NOT_DECLARED),
            embedding=embedded(texts),
        ),
        Customers(households, np.full(len(households), NOT_DECLARED)),
        Events(
            customer=_places(rows["household_id"], among=households),
            product=_places(rows["product_id"], among=sku),
            kind=kind_codes(["purchase"] * len(rows)),
            quantity=rows["quantity"].to_numpy().astype(np.float32),
            price=rows["price"].to_numpy().astype(np.float32),
            time=rows["time"].to_numpy().astype("datetime64[us]"),
        ),
    )


def market() -> Shop:
    """The demo's simulated shop with more products: looks, carts and few purchases."""
    from launchopt_project.demo.market import DEMO, make_market
    from launchopt_project.demo.market import KINDS as MARKET_KINDS
    from launchopt_project.demo.market.vocabulary import vocabulary

    made = make_market(replace(DEMO, products=900, shoppers=6_000, purchase_rate=0.15))
    goods, done = made.products, made.events.where(made.events.product >= 0).in_order()
    texts = [
        f"{title}. {about}" for title, about in zip(goods.title, goods.description, strict=True)
    ]
    return Shop(
        Products(
            sku=np.array(goods.sku),
            text=np.array(texts, dtype=object),
            category=np.array([c.name for c in vocabulary().categories])[goods.category],
            price=goods.price,
            new_at=goods.launched_at.astype("datetime64[us]"),
            embedding=embedded(texts),
        ),
        Customers(
            np.array(made.shoppers.external_id), made.shoppers.joined_at.astype("datetime64[us]")
        ),
        Events(
            customer=done.who.astype(np.int32),
            product=done.product.astype(np.int32),
            kind=kind_codes(np.array(MARKET_KINDS)[done.kind].tolist()),
            quantity=np.maximum(done.quantity, 1).astype(np.float32),
            price=done.price.astype(np.float32),
            time=done.at.astype("datetime64[us]"),
        ),
    )


SHOPS: dict[str, Callable[[], Shop]] = {
    made.__name__: made
    for made in (
        online_retail,
        online_retail_no_price,
        online_retail_thin_text,
        online_retail_abroad,
        online_retail_small,
        online_retail_sparse,
        online_retail_young,
        complete_journey,
        market,
    )
}
WHOLE = (
    ("2011-04-01", 60, 10, False),
    ("2011-05-01", 60, 10, False),
    ("2011-05-20", 100, 20, False),
    ("2011-06-01", 60, 10, False),
    ("2011-09-01", 100, 20, True),
)
FEW_CUSTOMERS = (("2011-05-20", 100, 5, False), ("2011-09-01", 100, 5, True))
CASES: dict[str, tuple[tuple[str, float, int, bool], ...]] = {
    "online_retail": WHOLE,
    "online_retail_no_price": (("2011-05-20", 100, 20, False), ("2011-09-01", 100, 20, True)),
    "online_retail_thin_text": (("2011-05-20", 100, 20, False), ("2011-09-01", 100, 20, True)),
    "online_retail_abroad": FEW_CUSTOMERS,
    "online_retail_small": FEW_CUSTOMERS,
    "online_retail_sparse": FEW_CUSTOMERS,
    "online_retail_young": (("2011-05-20", 100, 20, False), ("2011-09-01", 100, 20, True)),
    "complete_journey": (("2017-05-01", 100, 3, False), ("2017-09-01", 100, 3, True)),
    "market": (("2025-03-01", 60, 5, False), ("2025-06-15", 60, 5, True)),
}


def _with_events(whole: Shop, kept: NDArray[np.bool_]) -> Shop:
    """Some of the events; who has none left is never known."""
    return replace(whole, events=whole.events.take(kept))


def _of_customers(whole: Shop, kept: NDArray[np.bool_]) -> Shop:
    return _with_events(whole, kept[whole.events.customer])


def _baskets() -> pl.DataFrame:
    """Rows that were paid for, oldest first."""
    rows = pl.read_csv(
        data_file("complete_journey/transactions_sample.csv.gz"), infer_schema_length=0
    ).with_columns(
        time=pl.col("transaction_timestamp").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us"),
        quantity=pl.col("quantity").cast(pl.Float64),
        paid=pl.col("sales_value").cast(pl.Float64),
    )
    sold = rows.filter(pl.col("quantity") > 0, pl.col("paid") > 0)
    return sold.with_columns(price=pl.col("paid") / pl.col("quantity")).sort(
        "time", maintain_order=True
    )


def _groceries() -> pl.DataFrame:
    """What is said of each product, in lower case."""
    said = ("product_type", "product_category", "department", "brand", "package_size")
    text = pl.concat_str([pl.col(name).fill_null("") for name in said], separator=" ")
    products = pl.read_csv(data_file("complete_journey/products.csv.gz"), infer_schema_length=0)
    return products.select(
        "product_id",
        text=text.str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars(),
        category=pl.col("product_category").fill_null(""),
    )


def _places(values: pl.Series, *, among: NDArray[np.str_]) -> NDArray[np.int32]:
    return np.searchsorted(among, values.to_numpy().astype(str)).astype(np.int32)


def _described() -> Iterator[str]:
    for name, make in SHOPS.items():
        try:
            made = make()
        except NoData as absent:
            yield f"{name}: {absent}"
            continue
        events, customers = made.events, np.unique(made.events.customer)
        yield (
            f"{name}: {len(customers):,} customers, {len(np.unique(events.product)):,} products,"
            f" {len(events):,} events, {str(events.time[0])[:10]} to {str(events.time[-1])[:10]}"
        )
        for case in cases([name]):
            what = "test" if case.is_test else "development"
            new, sold = _launches(made, case)
            yield (
                f"    {what} at {case.cutoff} over {case.horizon_days:g} days: {new} new products,"
                f" {sold} with at least {case.min_buyers} buyers"
            )


def _launches(made: Shop, case: Case) -> tuple[int, int]:
    from launchopt_ml.interest.episodes import bought_within, new_within

    episode = case.episode
    new = new_within(made, episode)
    bought = bought_within(
        made,
        customers=made.before(episode.as_of).customers.id,
        skus=made.products.sku[new],
        since=episode.as_of,
        until=episode.until,
    )
    return len(new), int((bought.sum(0) >= case.min_buyers).sum())


if __name__ == "__main__":
    for line in _described():
        print(line)
    sys.exit(0)
