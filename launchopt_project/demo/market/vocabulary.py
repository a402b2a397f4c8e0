"""The words of the market, read from `vocabulary.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Theme:
    """What a product is about, and how shops speak of it."""

    name: str
    nouns: tuple[str, ...]
    sentences: tuple[str, ...]
    zh_nouns: tuple[str, ...]
    zh_sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Category:
    name: str
    zh: str
    code: str
    brands: tuple[str, ...]
    price_low: float
    price_high: float
    themes: tuple[Theme, ...]


@dataclass(frozen=True, slots=True)
class Style:
    """How a product is made or looks; `cues` are the words by which a text shows it."""

    name: str
    adjectives: tuple[str, ...]
    cues: tuple[str, ...]
    sentences: tuple[str, ...]
    zh_adjectives: tuple[str, ...]
    zh_sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A product that is to be launched."""

    sku: str
    title: str
    description: str
    category: str
    theme: str
    styles: tuple[str, ...]
    brand: str
    price: float
    language: str
    material: str
    colour: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    categories: tuple[Category, ...]
    styles: tuple[Style, ...]
    newcomers: tuple[Newcomer, ...]

    @property
    def themes(self) -> tuple[Theme, ...]:
        return tuple(theme for category in self.categories for theme in category.themes)

    def category_of_theme(self) -> tuple[int, ...]:
        """(themes,): the number of the category that each theme belongs to."""
        return tuple(i for i, category in enumerate(self.categories) for _ in category.themes)


@cache
def vocabulary() -> Vocabulary:
    """The shop's words; read once."""
    table = tomllib.loads(Path(__file__).with_name("vocabulary.toml").read_text("utf-8"))
    return Vocabulary(
        categories=tuple(_category(row) for row in table["category"]),
        styles=tuple(Style(**_frozen(row)) for row in table["style"]),
        newcomers=tuple(Newcomer(**_frozen(row)) for row in table["launch"]),
    )


def _category(row: dict[str, Any]) -> Category:
    low, high = row["price"]
    return Category(
        name=row["name"],
        zh=row["zh"],
        code=row["code"],
        brands=tuple(row["brands"]),
        price_low=low,
        price_high=high,
        themes=tuple(_theme(theme) for theme in row["theme"]),
    )


def _theme(row: dict[str, Any]) -> Theme:
    return Theme(**{"zh_nouns": (), "zh_sentences": (), **_frozen(row)})


def _frozen(row: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
