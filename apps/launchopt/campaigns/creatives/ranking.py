"""What a creative's words let expect, kept beside them for who reviews them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.db import transaction

from launchopt.campaigns.models import Creative

CLICK_RATES = ("click_rate", "click_rate_low", "click_rate_high")


class Expected(NamedTuple):
    """Clicks per exposure, and where they lie with 90 % certainty."""

    rate: float
    low: float
    high: float


@transaction.atomic
def save_click_rates(creatives: Sequence[Creative], expected: Sequence[Expected]) -> int:
    """Keep what is expected of these words, as they were read; gives how many.

    Words that were edited meanwhile are left as they are: nobody has read them yet.
    """
    read = {creative.pk: creative.content_hash for creative in creatives}
    rates = dict(zip(read, expected, strict=True))
    rows = Creative.objects.select_for_update().filter(pk__in=read).only("content_hash")
    same = [row for row in rows if row.content_hash == read[row.pk]]
    for row in same:
        row.click_rate, row.click_rate_low, row.click_rate_high = rates[row.pk]
    Creative.objects.bulk_update(same, CLICK_RATES, batch_size=500)
    return len(same)
