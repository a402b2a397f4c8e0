"""Claims in words: superlatives, comparisons, guarantees, offers, materials and more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from launchopt_core.claims.chinese import CHINESE
from launchopt_core.claims.english import ENGLISH
from launchopt_core.claims.values import ClaimKind


def _pattern(kind: ClaimKind) -> re.Pattern[str]:
    english = "|".join(ENGLISH.get(kind, ()))
    chinese = "|".join(CHINESE.get(kind, ()))
    return re.compile(rf"(?<![A-Za-z])(?:{english})(?![A-Za-z])|(?:{chinese})", re.IGNORECASE)


PHRASES = {kind: _pattern(kind) for kind in ENGLISH}


def phrases_in(text: str) -> Iterator[tuple[int, int, ClaimKind]]:
    """The claims in words of a text, as (start, end, kind).

    >>> list(phrases_in("The best mug, 质保"))
    [(4, 8, <ClaimKind.SUPERLATIVE: 'superlative'>), (14, 16, <ClaimKind.GUARANTEE: 'guarantee'>)]
    """
    for kind, pattern in PHRASES.items():
        for match in pattern.finditer(text):
            yield match.start(), match.end(), kind
