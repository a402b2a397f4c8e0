"""Near-duplicates among drafts."""

from __future__ import annotations

import re
from collections.abc import Iterable

from launchopt_core.claims import Draft

TOO_ALIKE = 0.8  # share of words that two drafts have in common


def distinct_drafts(drafts: Iterable[Draft], *, count: int) -> tuple[Draft, ...]:
    """The first drafts that differ from those before them, at most so many."""
    kept: list[tuple[Draft, frozenset[str]]] = []
    for draft in drafts:
        words = words_of(f"{draft.headline} {draft.body}")
        if not any(_alike(draft, words, other, theirs) for other, theirs in kept):
            kept.append((draft, words))
        if len(kept) == count:
            break
    return tuple(draft for draft, _ in kept)


def words_of(text: str) -> frozenset[str]:
    """The words of a text; each pair of neighbours counts as one in Chinese.

    >>> sorted(words_of("A red mug")), sorted(words_of("红茶杯"))
    (['a', 'mug', 'red'], ['红茶', '茶杯'])
    """
    runs = re.findall(r"[\u3400-\u9fff]+", text)
    pairs = {run[i : i + 2] for run in runs for i in range(max(len(run) - 1, 1))}
    return frozenset(re.findall(r"[a-z0-9']+", text.casefold())) | pairs


def _alike(draft: Draft, words: frozenset[str], other: Draft, theirs: frozenset[str]) -> bool:
    if draft.headline == other.headline or draft.body == other.body:
        return True
    return len(words & theirs) >= TOO_ALIKE * max(len(words | theirs), 1)
