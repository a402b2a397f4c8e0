"""What the customers did before the launch: everyday shopping, and three launches by chance."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from benchmarks.market.people import CATEGORIES, COUNTRIES, Floats, Ints, People

NAMES = ("Kettles", "Lamps", "Garden", "Toys", "Stationery", "Textiles")
PER_CATEGORY = 8
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
PAST_LAUNCHES = ((100, 1), (130, 3), (160, 4))  # day it began, category
PAST_DAYS = 14
LAUNCH_DAY, LAUNCH_CATEGORY = 190, 1
START = FIRST_DAY + timedelta(days=LAUNCH_DAY)
SHOWN_BY_CHANCE = 0.5
NEW_SKU = "NEW"


@dataclass
class Ledger:
    """Rows of events as the import takes them."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, who: Ints, sku: list[str], kind: str, day: Floats, **more: Any) -> None:
        """One event for each customer of `who`."""
        for customer, name, at in zip(who.tolist(), sku, day.tolist(), strict=True):
            self.rows.append(
                {
                    "customer": name_of(customer),
                    "sku": name,
                    "kind": kind,
                    "occurred_at": (FIRST_DAY + timedelta(days=at)).isoformat(),
                    **more,
                }
            )


def name_of(customer: int) -> str:
    """A customer's name in the shop."""
    return f"c{customer:05d}"


def products() -> list[dict[str, Any]]:
    """The assortment, the three past launches and the product to launch."""
    rows = [
        _product(f"{NAMES[category][:3].upper()}{number}", category, number, day=5 * number)
        for category in range(CATEGORIES)
        for number in range(PER_CATEGORY)
    ]
    past = [
        _product(f"PAST{n}", category, 20 + n, day=day)
        for n, (day, category) in enumerate(PAST_LAUNCHES)
    ]
    return [*rows, *past, _product(NEW_SKU, LAUNCH_CATEGORY, 30, day=LAUNCH_DAY)]


def customers(people: People) -> list[dict[str, Any]]:
    """The customers as the import takes them."""
    return [
        {
            "external_id": name_of(n),
            "country": COUNTRIES[people.country[n]],
            "joined_at": FIRST_DAY.isoformat(),
            "consent.marketing": "yes" if people.agreed[n] else "no",
        }
        for n in range(len(people))
    ]


def everyday(people: People, *, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Half a year of looking, buying and being annoyed."""
    loyalty, curiosity, weariness = people.traits.T
    ledger = Ledger()
    for kind, rate, price in (
        ("view", 15.0 * np.exp(curiosity), False),
        ("cart", 8.0 * np.exp(curiosity), False),
        ("purchase", 12.0 * np.exp(loyalty), True),
        ("dislike", 10.0 * np.exp(weariness), False),
        ("return", 1.0 * np.exp(0.6 * weariness), True),
    ):
        who = np.repeat(np.arange(len(people)), rng.poisson(rate))
        category = _by_taste(people, who, rng)
        number = rng.integers(PER_CATEGORY, size=len(who))
        sku = [f"{NAMES[c][:3].upper()}{n}" for c, n in zip(category, number, strict=True)]
        first = 5.0 * number
        day = first + rng.random(len(who)) * (LAUNCH_DAY - first)
        sale = {"quantity": 1, "price": "9.90", "currency": "GBP"} if price else {}
        ledger.add(who, sku, kind, day, **sale)
    return ledger.rows


def past_launches(
    people: People, *, rng: np.random.Generator
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What was shown by chance in three launches, and what else happened in them."""
    shown, other = Ledger(), Ledger()
    for n, (day, category) in enumerate(PAST_LAUNCHES):
        treated = rng.random(len(people)) < SHOWN_BY_CHANCE
        chance = np.where(treated, people.contacted(category), people.alone(category))
        at = day + rng.random(len(people)) * (PAST_DAYS - 3)
        seen, buyers = np.flatnonzero(treated), np.flatnonzero(rng.random(len(people)) < chance)
        shown.add(seen, [f"PAST{n}"] * len(seen), "exposure", at[seen])
        later = at[buyers] + 0.1 + 2.5 * rng.random(len(buyers))
        sale = {"quantity": 1, "price": "19.90", "currency": "GBP"}
        other.add(buyers, [f"PAST{n}"] * len(buyers), "purchase", later, **sale)
    return shown.rows, other.rows


def _product(sku: str, category: int, number: int, *, day: int) -> dict[str, Any]:
    return {
        "sku": sku,
        "title": f"{NAMES[category][:-1]} number {number}",
        "description": f"A thing for friends of {NAMES[category].lower()}.",
        "category": NAMES[category],
        "price": "19.90",
        "currency": "GBP",
        "language": "en",
        "launched_at": (FIRST_DAY + timedelta(days=day)).isoformat(),
    }


def _by_taste(people: People, who: Ints, rng: np.random.Generator) -> Ints:
    edges = people.taste[who].cumsum(axis=1) / CATEGORIES
    return np.minimum((rng.random((len(who), 1)) > edges).sum(axis=1), CATEGORIES - 1)
