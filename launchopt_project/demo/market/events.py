"""Events as columns, and how to join them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

KINDS = ("view", "click", "favourite", "cart", "purchase", "return", "rating", "search", "exposure")


@dataclass(frozen=True, slots=True)
class Events:
    """Columns of equal length. A product of -1 means none, a NaN or an empty text: not given."""

    who: np.ndarray  # (events,) shopper numbers
    product: np.ndarray  # (events,)
    kind: np.ndarray  # (events,) number in KINDS
    at: np.ndarray  # (events,) datetime64[s], UTC
    quantity: np.ndarray  # (events,) pieces, 0 where it is no purchase or return
    price: np.ndarray  # (events,) of one piece, NaN where not given
    value: np.ndarray  # (events,) of a rating, NaN elsewhere
    session: np.ndarray  # (events,) number of the visit, -1 outside of one
    order: np.ndarray  # (events,) number of the order, -1 where there is none
    text: np.ndarray  # (events,) object: what was searched for, "" elsewhere

    def __len__(self) -> int:
        return len(self.who)

    def of_kind(self, kind: str) -> Events:
        return self.where(self.kind == KINDS.index(kind))

    def where(self, mask: np.ndarray) -> Events:
        return Events(*(column[mask] for column in self.columns()))

    def in_order(self) -> Events:
        """By instant; what happens in the same second keeps its order."""
        return self.where(np.argsort(self.at, kind="stable"))

    def columns(self) -> tuple[np.ndarray, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)


def make_events(
    kind: str,
    *,
    who: np.ndarray,
    at: np.ndarray,
    product: np.ndarray | int = -1,
    quantity: np.ndarray | int = 0,
    price: np.ndarray | float = np.nan,
    value: np.ndarray | float = np.nan,
    session: np.ndarray | int = -1,
    order: np.ndarray | int = -1,
    text: np.ndarray | str = "",
) -> Events:
    """Events of one kind; what is given once holds for all of them."""

    def column(values: np.ndarray | float | str, dtype: type) -> np.ndarray:
        return np.broadcast_to(np.asarray(values, dtype=dtype), who.shape)

    return Events(
        who=who,
        product=column(product, int),
        kind=column(KINDS.index(kind), int),
        at=at.astype("datetime64[s]"),
        quantity=column(quantity, int),
        price=column(price, float),
        value=column(value, float),
        session=column(session, int),
        order=column(order, int),
        text=column(text, object),
    )


def join(parts: list[Events]) -> Events:
    """All of them in one, in the order given."""
    columns = zip(*(part.columns() for part in parts), strict=True)
    return Events(*(np.concatenate(column) for column in columns))
