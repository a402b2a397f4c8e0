"""What looks like personal data taken out of a text before it leaves for a model."""

from __future__ import annotations

from launchopt_core.claims.folding import spans_in
from launchopt_core.claims.rules import RULES

REMOVED = "[removed]"
_PERSONAL = next(rule.pattern for rule in RULES if rule.name == "personal_data")


def without_personal_data(text: str) -> str:
    """A text in which what looks like an address, a number or a person's name is removed.

    >>> without_personal_data("Ask ann@example.com or １38 0013 8000")
    'Ask [removed] or [removed]'
    """
    spans = sorted(
        spans_in(text, lambda plain: (match.span() for match in _PERSONAL.finditer(plain)))
    )
    kept, reached = "", 0
    for start, end in spans:
        if start >= reached:
            kept += text[reached:start] + REMOVED
        reached = max(reached, end)
    return kept + text[reached:]
