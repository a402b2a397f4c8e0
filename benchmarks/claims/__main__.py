"""Planted falsehoods stopped, good texts let through, and milliseconds for a text.

python -m benchmarks.claims [--show]

The texts are those of `tests/core/claims`: a development half, on which patterns may be tuned, a
held-out half, which only measures, and three rounds of texts written later to find what is missed,
`strangers`, each of which was mended after it was first measured (docs/decisions/0090). `--show`
prints what went wrong in all but the held-out half.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from tests.core.claims.cases import cases, judged


def measure(half: str, language: str, *, show: bool) -> dict[str, Any]:
    """The counts of one set in one language."""
    texts = [case for case in cases(half) if case.language == language]
    started = time.perf_counter()
    checked = [judged(case) for case in texts]
    seconds = time.perf_counter() - started
    pairs = list(zip(texts, checked, strict=True))
    missed = [c for c, found in pairs if c.spans and not c.is_caught(found)]
    stopped = [(c, found) for c, found in pairs if not c.spans and not found.is_accepted]
    if show and half != "held_out":
        print(*[f"missed: {case.text}" for case in missed], sep="\n")
        print(*[f"stopped: {case.text} {found.faults()}" for case, found in stopped], sep="\n")
    planted = sum(bool(case.spans) for case in texts)
    return {
        "half": half,
        "language": language,
        "planted": planted,
        "planted_stopped": planted - len(missed),
        "good": len(texts) - planted,
        "good_stopped": len(stopped),
        "ms_a_text": round(1000 * seconds / len(texts), 2),
    }


def main() -> None:
    """Measure each set in both languages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    for half in ("development", "strangers", "held_out"):
        for language in ("en", "zh-Hans"):
            print(json.dumps(measure(half, language, show=options.show)))


if __name__ == "__main__":
    main()
