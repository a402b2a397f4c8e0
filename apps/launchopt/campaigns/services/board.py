"""What changes seldom and every decision goes by, kept in the process: launches, words, weights.

Each decision compares the revision in the statement that keeps it; the triggers of a migration move
it on with every change, whoever makes it. So a pause, a rejected creative or a new weight holds
with the next decision of every process.
"""

from __future__ import annotations

import uuid
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from launchopt.campaigns.models import Campaign, Launch, Placement
from launchopt.campaigns.selectors import SERVING
from launchopt.campaigns.selectors.moments import SUPPRESSING, Serving
from launchopt.campaigns.services.wording import Words, words_for
from launchopt.experiments.models import Variant
from launchopt.experiments.selectors import Shares, experiment_shares
from launchopt.operations.statements import fetch

# Purchases are looked for since the first of the products known when the board was read, and some
# days before: one told of later, of longer ago, silences within the time that a board is kept.
KEPT_SECONDS = 60
TOLD_LATE = timedelta(days=7)


@dataclass(frozen=True)
class Board:
    """Placements, campaigns of running and paused launches, what they say, and to whom."""

    revision: str
    placements: Mapping[str, Placement]
    campaigns: tuple[Campaign, ...]  # with launch, product, category and experiment
    shares: Mapping[uuid.UUID, Shares]  # by experiment
    variants: Mapping[tuple[uuid.UUID, str], int]  # (experiment, name) -> id
    words: Words
    starts: Sequence[datetime]
    ends: Sequence[datetime]
    bought_since: datetime
    read_at: float = field(default_factory=monotonic)
    _serving: dict[tuple[Any, ...], Serving] = field(default_factory=dict)

    def serving(
        self, *, channels: Iterable[str], since: datetime, until: datetime, with_simulated: bool
    ) -> Serving:
        """Campaigns in these channels that are on at any instant from `since` to `until`.

        Launches on a clock of their own are left out unless asked for.
        """
        begun, ended = bisect_right(self.starts, until), bisect_right(self.ends, since)
        key = (frozenset(channels), begun, ended, with_simulated)
        if key not in self._serving:
            on = [
                campaign
                for campaign in self.campaigns
                if campaign.channel in key[0]
                and campaign.launch.starts_at <= until
                and campaign.launch.ends_at > since
                and (with_simulated or not campaign.launch.is_simulated)
            ]
            self._serving[key] = Serving(on, bought_since=self.bought_since)
        return self._serving[key]


REVISION = """
    SELECT string_agg(token::text, ' ' ORDER BY slot) FROM launchopt_campaigns_revision
"""
FIRST_BOUGHT = """
    SELECT min(e.first) FROM unnest(%(products)s::bigint[]) p (id)
    CROSS JOIN unnest(%(kinds)s::text[]) k (kind)
    CROSS JOIN LATERAL (
        SELECT min(occurred_at) AS first FROM launchopt_audiences_event
        WHERE product_id = p.id AND kind = k.kind
    ) e
"""
_kept: list[Board] = []  # one at most; replaced as a whole, so that threads may share it


def kept_board(*, now: datetime) -> Board:
    """The board that this process keeps; whoever goes by it compares its revision."""
    if _kept and monotonic() - _kept[-1].read_at < KEPT_SECONDS:
        return _kept[-1]
    return load_board(now=now)


def kept_revision() -> str | None:
    """The revision of the board that is kept, if there is one."""
    return _kept[-1].revision if _kept else None


def load_board(*, now: datetime) -> Board:
    """Read all anew. Words that were changed past the review are withdrawn, which is a change of
    its own: such a board is not kept."""
    revision = _revision()
    rows = Campaign.objects.filter(is_active=True, launch__status__in=SERVING)
    rows = rows.select_related("launch__product__category", "launch__experiment").order_by("pk")
    campaigns = tuple(rows)
    launches = {campaign.launch_id: campaign.launch for campaign in campaigns}
    audiences = {campaign.audience_id for campaign in campaigns}
    experiments = {launch.experiment for launch in launches.values() if launch.experiment}
    variants = Variant.objects.filter(experiment__in=experiments)
    board = Board(
        revision=revision,
        placements={row.name: row for row in Placement.objects.order_by()},
        campaigns=campaigns,
        shares=experiment_shares(experiments),
        variants={
            (of, name): pk for of, name, pk in variants.values_list("experiment", "name", "pk")
        },
        words=words_for(launches.values(), audiences=audiences, customers=(), now=now),
        starts=sorted(launch.starts_at for launch in launches.values()),
        ends=sorted(launch.ends_at for launch in launches.values()),
        bought_since=_bought_since(launches.values(), now=now),
    )
    if _revision() == revision:
        _kept[:] = [board]
    return board


def _bought_since(launches: Collection[Launch], *, now: datetime) -> datetime:
    """Since when any of the products was bought, returned or disliked; some days before."""
    products = list({launch.product_id for launch in launches})
    [(first,)] = fetch(FIRST_BOUGHT, {"products": products, "kinds": SUPPRESSING})
    known = [now, *([first] if first else []), *(launch.starts_at for launch in launches)]
    return min(known) - TOLD_LATE


def _revision() -> str:
    [(revision,)] = fetch(REVISION, {})
    return str(revision)
