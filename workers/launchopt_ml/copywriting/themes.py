"""Themes of lists: a line over products of one category, and a sentence of why they are together.

A writer as the others are. It says nothing of anybody: a theme is written once for a category.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from numpy.random import Generator

from launchopt_core.claims import Draft, Facts
from launchopt_core.sensitive import is_special, tells_a_person
from launchopt_ml.copywriting.slots import is_chinese
from launchopt_ml.copywriting.titles import KEPT_CAPITALS, plain_text, readable_title
from launchopt_ml.copywriting.writer import Brief

CHANNEL = "list"
LONGEST_CATEGORY = 40  # code points
ODD = re.compile(r"[\d@{}<>\[\]|\\^*#_!?！？]|https?:|www\.")
OWN = re.compile(r"\byour\b|您", re.IGNORECASE)
LINES = {
    "en": (
        "For your {c} corner", "Your {c} corner", "From our {c} shelf", "The {c} shelf",
        "Our {c} shelf", "All around {c}", "A look at {c}", "A closer look at {c}",
        "{C} in our shop", "{C}, at a glance", "{C} to look through", "{C} for you to see",
        "{C}: have a look", "Step into {c}", "Welcome to {c}", "A walk through {c}",
    ),
    "zh-Hans": (
        "您的{c}角落", "走进{c}", "{c}一览", "看看{c}", "逛逛{c}", "{c}专区",
        "本店的{c}", "{c}货架", "来{c}逛一逛", "关于{c}", "围绕{c}", "{c}，看一看", "{c}小天地",
    ),
}  # fmt: skip
REASONS = {
    "en": (
        "These are from our {c} shelf.", "You find all of these under {c} in our shop.",
        "What these have in common: they are from our {c} range.",
        "Our shop keeps these under {c}.", "All of these belong to {c} in our shop.",
    ),
    "zh-Hans": (
        "这些商品都来自本店的{c}分类。", "以下商品都在本店的{c}分类里。",
        "它们都属于本店的{c}分类。", "这些都可以在本店的{c}分类里找到。",
    ),
}  # fmt: skip

# Of products that have no category in common: these say nothing but that the shop has them.
GENERAL = {
    "en": (
        ("From all over our shop", "More from our shop", "A look around our shop",
         "Here and there in our shop"),
        ("These are from all over our shop.", "You find all of these in our shop."),
    ),
    "zh-Hans": (
        ("本店商品一览", "逛逛本店", "店里看看", "本店更多商品"),
        ("这些商品都在本店。", "以下商品都可以在本店找到。"),
    ),
}  # fmt: skip


class ThemeBook:
    """The phrasebook of lists: it needs no weights and states nothing but the category."""

    name = "phrasebook"
    version = "1"

    def write(
        self, briefs: Sequence[Brief], *, candidates: int = 1, rng: Generator
    ) -> list[tuple[Draft, ...]]:
        """For each brief up to so many themes that differ; () where a category has no good name."""
        return [_themes(brief.facts, candidates=candidates, rng=rng) for brief in briefs]


def category_words(name: str) -> str:
    """A category as it is told in a sentence; empty where it cannot be.

    What nobody should infer from a list (health, faith, and the like) makes no theme.

    >>> category_words("Home > KITCHEN & DINING"), category_words("Women's Health > Pregnancy")
    ('kitchen & dining', '')
    """
    last = re.split(r"\s*[>/»|]\s*", plain_text(name))[-1]
    if not last or len(last) > LONGEST_CATEGORY or ODD.search(last) or is_special(name):
        return ""
    return " ".join(_lowered(word) for word in readable_title(last).split(" "))


def _lowered(word: str) -> str:
    """Lower case but for abbreviations and names with capitals inside."""
    is_kept = word.casefold() in KEPT_CAPITALS or not word[1:].islower()
    return word if is_kept and len(word) > 1 else word.lower()


def has_theme(category: str | None) -> bool:
    """Whether a category can be told, or there is none to tell."""
    return category is None or bool(category_words(category))


def _themes(facts: Facts, *, candidates: int, rng: Generator) -> tuple[Draft, ...]:
    words = category_words(facts.category)
    if facts.category and not words:
        return ()
    language = "zh-Hans" if is_chinese(facts.language) else "en"
    lines, reasons = (_lines(language, words), REASONS[language]) if words else GENERAL[language]
    chosen = rng.permutation(len(lines))[:candidates]
    return tuple(
        Draft(
            headline=_told(lines[place], words),
            body=_told(reasons[int(rng.integers(len(reasons)))], words),
            call_to_action="",
            alt_text="",
        )
        for place in chosen
    )


def _lines(language: str, words: str) -> Sequence[str]:
    """A shelf for men or for children is not said to be the reader's own."""
    if not any(map(tells_a_person, words.split(" "))):
        return list(LINES[language])
    return [line for line in LINES[language] if not OWN.search(line)]


def _told(pattern: str, words: str) -> str:
    return pattern.replace("{c}", words).replace("{C}", words[:1].upper() + words[1:])
