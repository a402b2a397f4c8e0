"""The portraits of all customers of a shop, and the segments that they fall into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from launchopt_core.personas import (
    CLASSES,
    GENDERS,
    age_band,
    declared_gender,
    key_terms,
    price_band,
    price_bands,
)
from launchopt_core.schedule import HOURS_OF_DAY
from launchopt_ml.personas.behaviour import active_hours, classes, prices_paid
from launchopt_ml.personas.interests import KEPT, Interests
from launchopt_ml.personas.segments import (
    Crowd,
    Earlier,
    Segments,
    find_segments,
    product_space,
    rows_by_segment,
)
from launchopt_ml.shop import Columns, Shop

BANDS = {"low": -0.5, "middle": 0.0, "high": 0.5}
BEHAVIOUR = 0.7
CLASS_NAMES = ("recency", "frequency", "monetary")
EXAMPLES = 5


@dataclass(frozen=True)
class Declared(Columns):
    """What customers said of themselves, in the order of the shop's customers."""

    birth_year: NDArray[np.int64]  # 0 where none was declared
    gender: NDArray[np.str_]
    time_zone: NDArray[np.str_]
    interests: NDArray[np.str_]  # categories or words, separated by commas


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
    segment: int = -1  # position among the segments; -1 while too little is known
    confidence: float = 0.0
    is_declared: bool = False  # whether declared interests decided the segment


@dataclass(frozen=True)
class Likeness:
    """What the customers of a segment have in common."""

    known_as: str  # the id of the earlier segment that it is; empty for a new one
    centre: list[float]
    terms: list[dict[str, str | float]]
    size: int
    price_bands: dict[str, float]
    classes: dict[str, float]
    active_hours: list[float]
    examples: list[int]  # positions of customers, the most typical first


@dataclass(frozen=True)
class Gallery:
    """All customers known at an instant, and the segments they fall into."""

    segments: list[Likeness]
    portraits: Iterator[Portrait]


def gallery(
    shop: Shop,
    *,
    declared: Declared,
    titles: Sequence[str],
    as_of: np.datetime64,
    zone: str,
    earlier: Earlier | None = None,
    use_demographics: bool = False,
    seed: int = 0,
) -> Gallery:
    """Everyone known before `as_of`; nothing from then on matters.

    `titles` are those of the shop's products; `zone` is that of customers without a known one.
    """
    known = shop.before(as_of)
    declared = declared.take(np.isin(shop.customers.id, known.customers.id))
    on_sale = np.isin(shop.products.sku, known.products.sku)
    texts = [title for title, some in zip(titles, on_sale, strict=True) if some]
    prices = shop.products.price
    seen = Seen.of(known, declared, titles=texts, prices=prices, as_of=as_of, zone=zone)
    crowd = Crowd(
        seen.wishes.liking,
        seen.wishes.wished(declared.interests.tolist()),
        product_space(known.products.embedding, seen.wishes.of_products["term"]),
        np.hstack(
            [seen.behaviour, seen.demographics if use_demographics else seen.behaviour[:, :0]]
        ),
    )
    by_name = np.argsort(known.customers.id, kind="stable")  # the order they came in is no taste
    rng = np.random.default_rng(seed)
    found = find_segments(crowd.take(by_name), earlier=earlier or Earlier(), rng=rng)
    found = found.placed(by_name)
    return Gallery(likenesses(seen, crowd, found), seen.portraits(found))


@dataclass(frozen=True)
class Seen:
    """What was seen of each customer, as columns in the order of the shop's customers."""

    customers: list[str]
    declared: Declared
    year: int
    wishes: Interests
    classes: NDArray[np.int64]  # (customers, 3): recency, frequency, money; 0 without purchase
    price_band: list[str]
    hours: NDArray[np.float64]  # (customers, 24): shares of activity, or zeros

    @classmethod
    def of(
        cls,
        known: Shop,
        declared: Declared,
        *,
        titles: Sequence[str],
        prices: NDArray[np.float64],
        as_of: np.datetime64,
        zone: str,
    ) -> Seen:
        """From what was known before `as_of`; `prices` are those of the whole catalogue."""
        bands = price_bands(prices)
        return cls(
            known.customers.id.tolist(),
            declared,
            int(str(as_of)[:4]),
            Interests.of(known, titles=titles),
            classes(known, as_of=as_of),
            [price_band(paid, bands) or "" for paid in prices_paid(known)],
            active_hours(known, zones=declared.time_zone, zone=zone),
        )

    @property
    def behaviour(self) -> NDArray[np.float64]:
        """(customers, 4): the classes, and the price band; less than taste, which is 1 long."""
        band = np.array([BANDS.get(name, 0.0) for name in self.price_band])
        return BEHAVIOUR * np.column_stack([self.classes / CLASSES - 0.5, band])

    @property
    def demographics(self) -> NDArray[np.float64]:
        """(customers, 1 + genders): what was declared; 0 where nothing was."""
        year = self.declared.birth_year
        age = np.where(year > 0, np.clip((self.year - year) / 80, 0, 1) - 0.5, 0.0)
        said = np.array([declared_gender(str(one)) or "" for one in self.declared.gender])
        return np.column_stack([age, *(np.where(said == name, 0.5, 0.0) for name in GENDERS)])

    def portraits(self, found: Segments) -> Iterator[Portrait]:
        """One for each customer."""
        for row, customer in enumerate(self.customers):
            recency, frequency, monetary = self.classes[row].tolist()
            yield Portrait(
                customer,
                age_band(int(self.declared.birth_year[row]) or None, year=self.year) or "",
                declared_gender(str(self.declared.gender[row])) or "",
                self.wishes.of_customer(row, said=str(self.declared.interests[row])),
                self.price_band[row],
                recency,
                frequency,
                monetary,
                self.hours[row].tolist() if self.hours[row].any() else [],
                int(found.of_customer[row]),
                round(float(found.confidence[row]), 3),
                bool(found.is_declared[row]),
            )


def likenesses(seen: Seen, crowd: Crowd, found: Segments) -> list[Likeness]:
    """What each segment's customers have in common."""
    points = crowd.points()
    everyone = np.flatnonzero(found.of_customer >= 0)
    common = seen.wishes.shares(everyone)
    return [
        _likeness(seen, members, found, place=place, points=points, common=common)
        for place, members in enumerate(rows_by_segment(found))
    ]


def _likeness(
    seen: Seen,
    members: NDArray[np.integer],
    found: Segments,
    *,
    place: int,
    points: NDArray[np.floating],
    common: dict[str, dict[str, float]],
) -> Likeness:
    own = seen.wishes.shares(members)
    centre = found.centres[place]
    bought = seen.classes[members]
    bought = bought[bought[:, 0] > 0]
    gap = np.linalg.norm(points[members] - centre, axis=1) - found.confidence[members]
    hours = seen.hours[members].mean(axis=0) if len(members) else np.zeros(HOURS_OF_DAY)
    bands = Counter(seen.price_band[row] for row in members.tolist() if seen.price_band[row])
    return Likeness(
        found.known_as[place],
        [round(float(value), 5) for value in centre],
        [
            {"name": name, "kind": kind, "weight": round(weight, 4)}
            for kind, most in KEPT.items()
            for name, weight in key_terms(own[kind], common[kind], most=most).items()
        ],
        len(members),
        {band: round(bands[band] / bands.total(), 4) for band in BANDS if bands[band]},
        dict(zip(CLASS_NAMES, bought.mean(axis=0).round(2).tolist(), strict=True))
        if len(bought)
        else {},
        (hours / max(hours.sum(), 1e-9)).round(4).tolist(),
        members[np.argsort(gap, kind="stable")[:EXAMPLES]].tolist(),
    )
