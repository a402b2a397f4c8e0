"""New candidates get the click rate that their words let expect, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence

from launchopt.campaigns import creatives
from launchopt.campaigns.creatives import Expected
from launchopt.campaigns.models import Creative
from launchopt.campaigns.selectors.shown_words import words_to_rank
from launchopt.catalog.embeddings import encoder_name
from launchopt_workers.appeal.reading import showings_of
from launchopt_workers.appeal.versions import appeal_in_service
from launchopt_workers.prediction.reading import encoder_in_force

AT_ONCE = 500


def rank_words(*, launch: str | None = None) -> int:
    """Keep what is expected of the words of a launch, or of all that go on; gives of how many.

    None where no model is in service, or where it reads another encoder's vectors.
    """
    known = appeal_in_service()
    if known is None or known[1] != encoder_name():
        return 0
    rows = list(words_to_rank(launch=launch))
    blocks = (rows[at : at + AT_ONCE] for at in range(0, len(rows), AT_ONCE))
    return sum(creatives.save_click_rates(block, _expected(block)) for block in blocks)


def _expected(rows: Sequence[Creative]) -> list[Expected]:
    known = appeal_in_service()
    assert known is not None, "the caller has looked"
    asked = showings_of(rows, [row.segment for row in rows], encoder=encoder_in_force())
    told = known[0].outlook(asked)
    return [
        Expected(float(rate), float(low), float(high))
        for rate, low, high in zip(told.rate, told.low, told.high, strict=True)
    ]
