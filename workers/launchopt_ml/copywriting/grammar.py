"""Sentence patterns with slots, and how they are filled within a limit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter

from numpy.random import Generator

Fits = Callable[[str], bool]
NEUTRAL = "any"


@dataclass(frozen=True)
class Pattern:
    """A sentence with slots. ``angle`` is what it leads with: any, new, price, interest, detail."""

    text: str
    angle: str = NEUTRAL
    needs: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        slots = {name for _, name, _, _ in Formatter().parse(self.text) if name}
        marks = {"new"} if self.angle == "new" else set()
        object.__setattr__(self, "needs", frozenset(slots | marks))

    def filled(self, slots: Mapping[str, str]) -> str | None:
        """The sentence, or None where a fact that it needs is missing."""
        return told(self.text, slots) if self.needs <= slots.keys() else None


@dataclass(frozen=True, kw_only=True)
class Phrasebook:
    """The sentences of one language. ``joint`` stands between two sentences.

    What ``once`` lists is said once in a text.
    """

    headlines: tuple[Pattern, ...]
    openers: tuple[Pattern, ...]
    details: Mapping[str, tuple[str, ...]]
    other_detail: tuple[str, ...]
    prices: tuple[Pattern, ...]
    brands: tuple[Pattern, ...]
    closers: tuple[str, ...]
    calls: tuple[str, ...]
    alts: tuple[Pattern, ...]
    nameless: str
    joint: str
    full_stop: str
    clause_joint: str
    once: tuple[str, ...]


def told(text: str, slots: Mapping[str, str]) -> str:
    """A pattern's text with its slots filled; an ellipsis ends a sentence by itself.

    >>> told("Meet {the}.", {"the": "the Red…"})
    'Meet the Red…'
    """
    return re.sub(r"…[.。!！]", "…", text.format_map(slots))


def filled_in_turn(
    patterns: Sequence[Pattern], *, slots: Mapping[str, str], fits: Fits
) -> list[tuple[Pattern, str]]:
    """Every pattern that can be filled from the slots and fits, in the given order."""
    sentences = [(pattern, pattern.filled(slots)) for pattern in patterns]
    return [(pattern, text) for pattern, text in sentences if text and fits(text)]


def shuffled(patterns: Sequence[Pattern], *, angle: str, rng: Generator) -> list[Pattern]:
    """A random order; patterns of the wanted angle come first, where one is wanted."""
    mixed = [patterns[i] for i in rng.permutation(len(patterns))]
    return sorted(mixed, key=lambda pattern: pattern.angle != angle) if angle else mixed
