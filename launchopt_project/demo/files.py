"""The market as the files that a shop would import. Columns bear the names of the import."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from launchopt_project.demo.market import KINDS, Events, Market
from launchopt_project.demo.market.shoppers import HOMES
from launchopt_project.demo.market.vocabulary import vocabulary


@dataclass(frozen=True, slots=True)
class MarketFiles:
    """Where the three files lie."""

    products: Path
    customers: Path
    events: Path


def write_files(market: Market, *, folder: Path) -> MarketFiles:
    """Write products and customers as CSV, the many events as Parquet."""
    folder.mkdir(parents=True, exist_ok=True)
    files = MarketFiles(
        folder / "products.csv", folder / "customers.csv", folder / "events.parquet"
    )
    products_frame(market).write_csv(files.products)
    customers_frame(market).write_csv(files.customers)
    events_frame(market, market.events).write_parquet(files.events)
    return files


def products_frame(market: Market) -> pl.DataFrame:
    """One row for each product, the newcomers among them."""
    products, words = market.products, vocabulary()
    return pl.DataFrame(
        {
            "sku": products.sku,
            "title": products.title,
            "description": products.description,
            "category": [words.categories[c].name for c in products.category],
            "brand": products.brand,
            "price": [f"{price:.2f}" for price in products.price],
            "currency": [market.parameters.currency] * len(products),
            "language": products.language,
            "stock": products.stock,
            "launched_at": _instants(products.launched_at),
            "attributes.material": products.material,
            "attributes.colour": products.colour,
        }
    )


def customers_frame(market: Market) -> pl.DataFrame:
    """One row for each shopper, with what they declare and nothing of what they like."""
    shoppers = market.shoppers
    homes = [HOMES[home] for home in shoppers.home]
    return pl.DataFrame(
        {
            "external_id": shoppers.external_id,
            "email": shoppers.email,
            "gender": [gender or None for gender in shoppers.gender],
            "birth_year": [int(year) or None for year in shoppers.birth_year],
            "country": [home[0] for home in homes],
            "time_zone": [home[1] for home in homes],
            "language": [home[2] for home in homes],
            "joined_at": _instants(shoppers.joined_at),
            "consent.marketing": ["yes" if consents else "no" for consents in shoppers.consents],
        }
    )


def events_frame(market: Market, events: Events) -> pl.DataFrame:
    """One row for each event, in their order. `message_id` numbers them."""
    skus = np.array([*market.products.sku, None], dtype=object)  # -1, no product, is the last
    ids = np.array(market.shoppers.external_id, dtype=object)
    is_sale = events.quantity > 0
    return pl.DataFrame(
        {
            "customer": ids[events.who].tolist(),
            "sku": skus[events.product].tolist(),
            "kind": np.array(KINDS, dtype=object)[events.kind].tolist(),
            "occurred_at": _instants(events.at),
            "quantity": pl.Series(np.where(is_sale, events.quantity, 1)),
            "price": pl.Series(events.price).fill_nan(None).round(2),
            "currency": [market.parameters.currency if sold else None for sold in is_sale.tolist()],
            "value": pl.Series(events.value).fill_nan(None),
            "order_id": _numbered("order-", events.order),
            "session": _numbered("visit-", events.session),
            "text": [text or None for text in events.text],
            "message_id": [f"past-{number}" for number in range(len(events))],
        }
    )


def _numbered(prefix: str, numbers: np.ndarray) -> list[str | None]:
    return [f"{prefix}{number}" if number >= 0 else None for number in numbers.tolist()]


def _instants(at: np.ndarray) -> list[str]:
    """ISO instants with their zone."""
    texts: list[str] = np.datetime_as_string(at.astype("datetime64[s]"), timezone="UTC").tolist()
    return texts
