"""Products to write about: those of online_retail, and the Chinese examples."""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from launchopt_core.claims import CHANNELS, Facts, attribute_text
from launchopt_ml.copywriting import Brief, Persona

DATA = Path(os.environ.get("LAUNCHOPT_DATA", Path(__file__).resolve().parents[3] / "shared/data"))
INTERESTS = (
    "kitchen",
    "garden",
    "christmas",
    "bags",
    "candles",
    "party",
    "vintage",
    "复古",
    "简约",
)


def retail_facts() -> list[Facts]:
    """Every product of online_retail: its most frequent title and price; () where it is absent."""
    file = DATA / "online_retail.csv.gz"
    if not file.exists():
        return []
    titles: dict[str, Counter[str]] = defaultdict(Counter)
    prices: dict[str, Counter[str]] = defaultdict(Counter)
    with gzip.open(file, "rt", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            sold = row["CustomerID"] and float(row["UnitPrice"]) > 0 and float(row["Quantity"]) > 0
            if sold and row["StockCode"][:5].isdigit():
                titles[row["StockCode"]][row["Description"]] += 1
                prices[row["StockCode"]][row["UnitPrice"]] += 1
    return [
        Facts(
            title=titles[code].most_common(1)[0][0],
            price=Decimal(prices[code].most_common(1)[0][0]),
            currency="GBP",
            is_new=number % 2 == 0,
        )
        for number, code in enumerate(sorted(titles))
    ]


def chinese_facts() -> list[Facts]:
    """The Chinese examples: the type is the title, all else attributes; () where absent."""
    file = DATA / "chinese_ad_copy.jsonl.gz"
    if not file.exists():
        return []
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [_chinese(json.loads(line)["content"], number) for number, line in enumerate(lines)]


def _chinese(content: str, number: int) -> Facts:
    pairs = [pair.partition("#") for pair in content.split("*")]
    attributes: dict[str, list[str]] = defaultdict(list)
    for name, _, value in pairs:
        attributes[name].append(value)
    (title, *_) = attributes.pop("类型", ["商品"])
    return Facts(
        title=title, attributes=dict(attributes), language="zh-Hans", is_new=number % 2 == 0
    )


def briefs_of(products: list[Facts], *, count: int, tones: tuple[str, ...]) -> list[Brief]:
    """So many briefs: products in turn, channels and tones changing, personas by chance."""
    rng = np.random.default_rng(0)
    channels = list(CHANNELS)
    return [
        Brief(
            facts=products[number % len(products)],
            persona=_persona(rng),
            channel=channels[number % len(channels)],
            tone=tones[int(rng.integers(len(tones)))],
        )
        for number in range(count)
    ]


def _persona(rng: np.random.Generator) -> Persona | None:
    if rng.random() < 0.3:
        return None
    interests = tuple(rng.choice(INTERESTS, size=2, replace=False).tolist())
    return Persona(interests=interests, price_band=str(rng.choice(["low", "middle", "high"])))


def stated(facts: Facts) -> dict[str, Any]:
    """The facts as plain fields, for a checker of its own."""
    fields: dict[str, Any] = {
        "title": facts.title,
        "description": facts.description,
        "category": facts.category,
        "brand": facts.brand,
        "is_new": facts.is_new,
    }
    if facts.price is not None:
        fields["price"] = str(facts.price)
    return fields | {name: attribute_text(value) for name, value in facts.attributes.items()}
