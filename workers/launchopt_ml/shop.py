"""The columns of a shop that a model reads: frozen, and cut at an instant without leaking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Self

import numpy as np
from numpy.typing import NDArray

KINDS = (
    "view",
    "click",
    "favourite",
    "cart",
    "purchase",
    "return",
    "rating",
    "review",
    "like",
    "dislike",
    "share",
    "comment",
    "exposure",
)
PURCHASE = KINDS.index("purchase")
RETURN = KINDS.index("return")
NEVER = np.datetime64("NaT", "us")


class UnknownKind(ValueError):
    """An event's kind is not one that a model reads."""


class ShopOutOfOrder(ValueError):
    """The columns of a shop do not fit together."""


def instant(moment: datetime | str) -> np.datetime64:
    """An instant as UTC microseconds; one without a zone is read as UTC.

    >>> instant("2011-09-01T02:00:00+02:00")
    np.datetime64('2011-09-01T00:00:00.000000')
    """
    read = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    naive = read.astimezone(UTC).replace(tzinfo=None) if read.tzinfo else read
    return np.datetime64(naive, "us")


def days(count: float) -> np.timedelta64:
    """A length of time in microseconds."""
    return np.timedelta64(round(count * 86_400_000_000), "us")


def in_days(length: NDArray[np.timedelta64] | np.timedelta64) -> NDArray[np.float64]:
    """Lengths of time as days; NaT becomes NaN."""
    return np.asarray(length / np.timedelta64(1, "D"), dtype=np.float64)


def kind_codes(kinds: Sequence[str]) -> NDArray[np.int8]:
    """Kinds as positions in KINDS. Raises UnknownKind."""
    names, inverse = np.unique(np.asarray(kinds, dtype=str), return_inverse=True)
    unknown = [name for name in names if name not in KINDS]
    if unknown:
        raise UnknownKind(f"{', '.join(unknown)}: known kinds are {', '.join(KINDS)}.")
    return np.array([KINDS.index(name) for name in names], dtype=np.int8)[inverse]


@dataclass(frozen=True)
class Columns:
    """Arrays of one length, taken and cut together."""

    def __post_init__(self) -> None:
        lengths = {field.name: len(getattr(self, field.name)) for field in fields(self)}
        if len(set(lengths.values())) > 1:
            raise ShopOutOfOrder(f"Columns of {type(self).__name__} differ in length: {lengths}.")

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def take(self, rows: NDArray[np.bool_] | NDArray[np.integer]) -> Self:
        """The rows named by a mask or by positions, in that order."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)})


@dataclass(frozen=True)
class Products(Columns):
    """What is sold or will be. `new_at` is when it went on sale, NaT where nobody knows yet."""

    sku: NDArray[np.str_]
    text: NDArray[np.object_]
    category: NDArray[np.str_]
    price: NDArray[np.float64]  # NaN where the shop gives none
    new_at: NDArray[np.datetime64]
    embedding: NDArray[np.float32]  # (products, width), rows normalised; width 0 without encoder


@dataclass(frozen=True)
class Customers(Columns):
    """Who is known. `joined_at` is NaT where only events tell."""

    id: NDArray[np.str_]
    joined_at: NDArray[np.datetime64]


@dataclass(frozen=True)
class Events(Columns):
    """What customers did with products, oldest first."""

    customer: NDArray[np.int32]  # position in Customers
    product: NDArray[np.int32]  # position in Products
    kind: NDArray[np.int8]  # position in KINDS
    quantity: NDArray[np.float32]
    price: NDArray[np.float32]  # NaN where unknown
    time: NDArray[np.datetime64]


@dataclass(frozen=True)
class Shop:
    """A snapshot: products, customers and their events sorted by time."""

    products: Products
    customers: Customers
    events: Events

    def __post_init__(self) -> None:
        if np.any(np.diff(self.events.time) < np.timedelta64(0, "us")):
            raise ShopOutOfOrder("Events must be sorted by time, oldest first.")

    def before(self, as_of: np.datetime64) -> Shop:
        """What was known before `as_of`: earlier events, their customers, products then on sale."""
        count = int(np.searchsorted(self.events.time, as_of, side="left"))
        events = self.events.take(np.arange(count))
        known = self.customers.joined_at < as_of  # NaT compares false
        known[events.customer] = True
        on_sale = self.new_at < as_of
        on_sale[events.product] = True
        return self._narrowed(events, known=known, on_sale=on_sale)

    def in_order(self) -> Shop:
        """The same shop by id and by sku, so that the order in which rows came does not matter."""
        customers = np.argsort(self.customers.id, kind="stable")
        products = np.argsort(self.products.sku, kind="stable")
        moved = replace(
            self.events,
            customer=_inverse(customers)[self.events.customer],
            product=_inverse(products)[self.events.product],
        )
        return Shop(self.products.take(products), self.customers.take(customers), moved)

    @property
    def new_at(self) -> NDArray[np.datetime64]:
        """When each product was new: as declared, or at its first event; NaT for neither."""
        first = np.full(len(self.products), NEVER)
        products, positions = np.unique(self.events.product, return_index=True)
        first[products] = self.events.time[positions]
        return np.fmin(first, self.products.new_at)

    def _narrowed(
        self, events: Events, *, known: NDArray[np.bool_], on_sale: NDArray[np.bool_]
    ) -> Shop:
        customer = (np.cumsum(known) - 1).astype(np.int32)
        product = (np.cumsum(on_sale) - 1).astype(np.int32)
        moved = replace(events, customer=customer[events.customer], product=product[events.product])
        return Shop(self.products.take(on_sale), self.customers.take(known), moved)


def _inverse(order: NDArray[np.integer]) -> NDArray[np.int32]:
    """Where each position has gone."""
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return place
