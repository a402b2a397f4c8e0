"""The words that may be shown, by where and to whom."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from launchopt.campaigns.creatives import servable_creatives
from launchopt.campaigns.models import Creative, Launch


class Place(NamedTuple):
    """A launch's words for one audience, channel and variant."""

    launch: uuid.UUID
    audience: uuid.UUID
    channel: str
    variant: str


def words_by_place(
    launches: Iterable[Launch], *, now: datetime
) -> Mapping[tuple[uuid.UUID, uuid.UUID, str, str], list[Creative]]:
    """The creatives of these launches that a person approved as they stand, in a fixed order."""
    found: dict[tuple[uuid.UUID, uuid.UUID, str, str], list[Creative]] = defaultdict(list)
    for launch in launches:
        for creative in servable_creatives(launch=launch, now=now):
            creative.launch = launch
            place = Place(launch.pk, creative.audience_id, creative.channel, creative.variant)
            found[place].append(creative)
    return {place: sorted(rows, key=lambda row: row.pk) for place, rows in found.items()}
