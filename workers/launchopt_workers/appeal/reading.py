"""Words and personas as vectors, beside how often they were shown and clicked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from launchopt.audiences.models import Segment
from launchopt.campaigns import creatives
from launchopt.campaigns.models import Creative
from launchopt.campaigns.selectors.shown_words import Shown, shown_words
from launchopt_ml.copywriting.appeal import Array, Showings, apart, unit
from launchopt_ml.encoder import Encoder

MOST_ROWS = 1_000  # of a text before a persona; the latest count


def latest_shown(*, until: datetime) -> Sequence[Shown]:
    """What was shown before an instant."""
    return shown_words(until=until, most=MOST_ROWS)


def read_showings(shown: Sequence[Shown], *, encoder: Encoder) -> Showings:
    """What was shown, as vectors."""
    rows = Creative.objects.in_bulk({each.creative for each in shown})
    segments = Segment.objects.in_bulk({each.segment for each in shown if each.segment})
    return showings_of(
        [rows[each.creative] for each in shown],
        [segments.get(each.segment) for each in shown],
        shown=shown,
        encoder=encoder,
    )


def showings_of(
    rows: Sequence[Creative],
    segments: Sequence[Segment | None],
    *,
    encoder: Encoder,
    shown: Sequence[Shown] = (),
) -> Showings:
    """Creatives before personas; those that were not shown yet have no exposures."""
    counts = np.array([(each.exposures, each.clicks) for each in shown] or [(0, 0)] * len(rows))
    launch = np.array([str(row.launch_id) for row in rows], dtype=object)
    return Showings(
        text=apart(_vectors([text_of(row) for row in rows], encoder=encoder), launch),
        persona=_vectors([terms_of(segment) for segment in segments], encoder=encoder),
        channel=np.array([row.channel for row in rows], dtype=object),
        launch=launch,
        words=np.array([row.content_hash for row in rows], dtype=object),
        exposures=counts.reshape(-1, 2)[:, 0].astype(float),
        clicks=counts.reshape(-1, 2)[:, 1].astype(float),
    )


def text_of(creative: Creative) -> str:
    """What a customer reads of it."""
    draft = creatives.draft_of(creative)
    parts = (draft.subject, draft.headline, draft.body, draft.call_to_action)
    return " ".join(filter(None, parts))


def terms_of(segment: Segment | None) -> str:
    """What a kind of shopper likes; empty for all of an audience."""
    return ", ".join(str(term["name"]) for term in segment.terms[:8]) if segment else ""


def _vectors(texts: Sequence[str], *, encoder: Encoder) -> Array:
    """(texts, width): each distinct text is read once; an empty one is zeros."""
    distinct = sorted(set(texts) - {""}) or ["-"]
    read = unit(encoder.encode(distinct))
    place = {text: at for at, text in enumerate(distinct)}
    found = np.zeros((len(texts), read.shape[1]))
    for row, text in enumerate(texts):
        if text:
            found[row] = read[place[text]]
    return found
