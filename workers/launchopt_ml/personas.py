"""What each customer is like as a shopper: from declared data, and from what was done before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import scipy.sparse as sp
from numpy.typing import NDArray

from launchopt_core.errors import UnknownTimeZone
from launchopt_core.personas import (
    PriceBands,
    age_band,
    declared_gender,
    distinctive,
    price_band,
    price_bands,
    rfm_classes,
    terms_of,
)
from launchopt_core.schedule import HOURS_OF_DAY, zone_of
from launchopt_core.winsorise import winsorised
from launchopt_ml.recommendation.tastes import Tastes
from launchopt_ml.shop import KINDS, PURCHASE, Columns, Events, Shop, in_days

CATEGORIES_KEPT = 3
TERMS_KEPT = 5
# What is done to customers, not by them, says nothing of when they are active.
PASSIVE = (KINDS.index("exposure"),)


@dataclass(frozen=True)
class Declared(Columns):
    """What customers said of themselves, in the order of the shop's customers."""

    birth_year: NDArray[np.int64]  # 0 where none was declared
    gender: NDArray[np.str_]
    time_zone: NDArray[np.str_]


@dataclass(frozen=True)
class Portrait:
    """The persona of one customer. Age band and gender are declared or empty, never guessed."""

    customer: str
    age_band: str
    gender: str
    interests: list[dict[str, str | float]]
    price_band: str
    recency: int
    frequency: int
    monetary: int
    active_hours: list[float]  # by local hour, 24 shares; empty without activity


def portraits(
    shop: Shop, *, declared: Declared, titles: Sequence[str], as_of: np.datetime64, zone: str
) -> Iterator[Portrait]:
    """One portrait for each customer known before `as_of`; nothing from then on matters.

    `titles` are those of the shop's products; `zone` is that of customers without a known one.
    """
    known = shop.before(as_of)
    declared = declared.take(np.isin(shop.customers.id, known.customers.id))
    on_sale = np.isin(shop.products.sku, known.products.sku)
    texts = [title for title, some in zip(titles, on_sale, strict=True) if some]
    wishes = Interests.of(known, titles=texts)
    classes = _classes(known, as_of=as_of)
    bands, paid = price_bands(shop.products.price), _prices_paid(known)
    hours = _active_hours(known, zones=declared.time_zone, zone=zone)
    year = int(str(as_of)[:4])
    for row, customer in enumerate(known.customers.id.tolist()):
        recency, frequency, monetary = classes[row].tolist()
        yield Portrait(
            customer,
            age_band(int(declared.birth_year[row]) or None, year=year) or "",
            declared_gender(str(declared.gender[row])) or "",
            wishes.of_customer(row),
            _usual_band(paid[row], bands),
            recency,
            frequency,
            monetary,
            hours[row],
        )


@dataclass(frozen=True)
class Interests:
    """Customers x categories and x terms: how much each customer cared for them."""

    names: dict[str, list[str]]
    weights: dict[str, sp.csr_matrix]
    holders: dict[str, dict[str, int]]
    customers: int

    @classmethod
    def of(cls, known: Shop, *, titles: Sequence[str]) -> Interests:
        """From what was done with products, fading with time; how many pieces does not matter."""
        liking = Tastes.of(known).liking
        traits = {
            "category": [[name] if name else [] for name in known.products.category.tolist()],
            "term": [sorted(terms_of(title)) for title in titles],
        }
        names, weights, holders = {}, {}, {}
        for kind, of_products in traits.items():
            names[kind], matrix = _incidence(of_products)
            weights[kind] = sp.csr_matrix(liking @ matrix)
            counts = np.diff(sp.csc_matrix(weights[kind]).indptr).tolist()
            holders[kind] = dict(zip(names[kind], counts, strict=True))
        return cls(names, weights, holders, len(known.customers))

    def of_customer(self, row: int) -> list[dict[str, str | float]]:
        """Top categories, then key terms, each kind with weights that sum to 1."""
        return [
            {"name": name, "kind": kind, "weight": round(weight, 4)}
            for kind, most in (("category", CATEGORIES_KEPT), ("term", TERMS_KEPT))
            for name, weight in self._strongest(row, kind, most=most).items()
        ]

    def _strongest(self, row: int, kind: str, *, most: int) -> dict[str, float]:
        matrix = self.weights[kind]
        start, end = matrix.indptr[row : row + 2]
        columns, values = matrix.indices[start:end].tolist(), matrix.data[start:end].tolist()
        names = self.names[kind]
        own = {names[column]: value for column, value in zip(columns, values, strict=True)}
        return distinctive(own, self.holders[kind], self.customers, most=most)


def _incidence(of_products: Sequence[Sequence[str]]) -> tuple[list[str], sp.csr_matrix]:
    """The names in order, and (products, names): 1 where the product has it."""
    names = sorted({name for some in of_products for name in some})
    column = {name: place for place, name in enumerate(names)}
    cells = [(row, column[name]) for row, some in enumerate(of_products) for name in some]
    rows, columns = np.array(cells or np.zeros((0, 2)), dtype=np.int64).T
    shape = (len(of_products), len(names))
    return names, sp.csr_matrix((np.ones(len(cells)), (rows, columns)), shape=shape)


def _classes(known: Shop, *, as_of: np.datetime64) -> NDArray[np.int64]:
    """(customers, 3): recency, frequency by days with an order, money with outliers drawn in."""
    events, count = known.events.take(known.events.kind == PURCHASE), len(known.customers)
    since = np.full(count, np.nan)
    since[events.customer] = in_days(as_of - events.time)  # the last one stays
    day = events.time.astype("datetime64[D]").astype(np.int64)
    orders = np.unique(np.stack([events.customer, day]), axis=1)[0]
    paid = np.nan_to_num(events.price.astype(np.float64)) * winsorised(events.quantity)
    spent = np.bincount(events.customer, paid, minlength=count)
    return rfm_classes(since, np.bincount(orders, minlength=count), spent)


def _prices_paid(known: Shop) -> list[NDArray[np.float32]]:
    """The prices of each customer's purchases."""
    events = known.events.take(known.events.kind == PURCHASE)
    events = events.take(np.isfinite(events.price))
    order = np.argsort(events.customer, kind="stable")
    cuts = np.searchsorted(events.customer[order], np.arange(1, len(known.customers)))
    return np.split(events.price[order], cuts)


def _usual_band(paid: NDArray[np.float32], bands: PriceBands | None) -> str:
    return price_band(paid, bands) or ""


def _active_hours(known: Shop, *, zones: NDArray[np.str_], zone: str) -> list[list[float]]:
    """Shares of activity by local hour."""
    events = known.events.take(~np.isin(known.events.kind, PASSIVE))
    hour = _local_hours(events, zones=zones, zone=zone)
    cells = events.customer.astype(np.int64) * HOURS_OF_DAY + hour
    size = len(known.customers) * HOURS_OF_DAY
    counts = np.bincount(cells, minlength=size).reshape(-1, HOURS_OF_DAY)
    total = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shares = np.round(counts / total, 4).tolist()
    return [own if any(own) else [] for own in shares]


def _local_hours(events: Events, *, zones: NDArray[np.str_], zone: str) -> NDArray[np.int64]:
    """(events,): the hour of day where the customer lives."""
    names, inverse = np.unique(zones, return_inverse=True)
    of_event = inverse[events.customer]
    hours = np.zeros(len(events), dtype=np.int64)
    for place, name in enumerate(names.tolist()):
        some = of_event == place
        times = pl.Series(events.time[some]).dt.replace_time_zone("UTC")
        local = times.dt.convert_time_zone(_known_zone(name, otherwise=zone))
        hours[some] = local.dt.hour().to_numpy()
    return hours


def _known_zone(name: str, *, otherwise: str) -> str:
    try:
        return name if name and zone_of(name) else otherwise
    except UnknownTimeZone:
        return otherwise
