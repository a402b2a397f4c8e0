"""What changes seldom and every decision goes by, kept in the process: launches, words, weights.

Each decision reads the revision, in the statement that locks its customers and reads the money; the
triggers of a migration move it on with every change, whoever makes it. So a pause, a rejected
creative or a new weight holds with the next decision of every process.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from launchopt.campaigns.models import Campaign, Placement
from launchopt.campaigns.selectors import SERVING
from launchopt.campaigns.services.locking import LOCKS, NAMESPACE
from launchopt.campaigns.services.wording import Words, words_for
from launchopt.experiments.models import Variant
from launchopt.experiments.selectors import Shares, experiment_shares
from launchopt.operations.statements import fetch


@dataclass(frozen=True)
class Board:
    """Placements, campaigns of running and paused launches, what they say, and to whom."""

    revision: str
    placements: Mapping[str, Placement]
    campaigns: tuple[Campaign, ...]  # with launch, product, category and experiment
    shares: Mapping[uuid.UUID, Shares]  # by experiment
    variants: Mapping[tuple[uuid.UUID, str], int]  # (experiment, name) -> id
    words: Words

    def serving(
        self, *, channels: Collection[str], since: datetime, until: datetime, with_simulated: bool
    ) -> list[Campaign]:
        """Campaigns in these channels that are on at any instant from `since` to `until`.

        Launches on a clock of their own are left out unless asked for.
        """
        return [
            campaign
            for campaign in self.campaigns
            if campaign.channel in channels
            and campaign.launch.starts_at <= until
            and campaign.launch.ends_at > since
            and (with_simulated or not campaign.launch.is_simulated)
        ]


@dataclass(frozen=True)
class Head:
    """The revision now, and the money that is left and the clock of each campaign."""

    revision: str
    left: Mapping[uuid.UUID, Decimal]
    clocks: Mapping[uuid.UUID, datetime | None]


# What follows in the transaction goes by plans that are kept: planning takes longer than running.
HEAD = f"""
    WITH held AS MATERIALIZED (
        SELECT count(pg_advisory_xact_lock({NAMESPACE}, key)),
               set_config('plan_cache_mode', 'force_generic_plan', true),
               set_config('enable_seqscan', 'off', true)
        FROM (
            SELECT DISTINCT mod(coalesce(c.merged_into_id, c.id), {LOCKS})::int AS key
            FROM launchopt_audiences_customer c WHERE c.external_id = ANY(%(names)s::text[])
            ORDER BY 1
        ) keys
    ), revision AS MATERIALIZED (
        SELECT string_agg(token::text, ' ' ORDER BY slot) AS tokens
        FROM launchopt_campaigns_revision
    )
    SELECT revision.tokens, k.id, k.allowance - k.reserved - k.spent, l.clock_at
    FROM held CROSS JOIN revision
    LEFT JOIN launchopt_campaigns_campaign k ON k.id = ANY(%(campaigns)s::uuid[])
    LEFT JOIN launchopt_campaigns_launch l ON l.id = k.launch_id
"""  # noqa: S608
_kept: list[Board] = []  # one at most; replaced as a whole, so that threads may share it


def kept_board(*, now: datetime) -> Board:
    """The board that this process keeps; whoever goes by it compares its revision."""
    return _kept[-1] if _kept else load_board(now=now)


def head_statement(names: Collection[str], board: Board) -> tuple[str, dict[str, Any]]:
    """Locks these customers to the end of the transaction and reads the head.

    Nobody else decides about them meanwhile. Customers share locks, always taken in one order.
    """
    return HEAD, {"names": list(names), "campaigns": [c.pk for c in board.campaigns]}


def head_of(rows: Sequence[tuple[Any, ...]]) -> Head:
    """What the statement's rows tell."""
    found = [row[1:] for row in rows if row[1]]
    left = {pk: money for pk, money, _ in found}
    return Head(rows[0][0], left, {pk: clock for pk, _, clock in found})


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
    )
    if _revision() == revision:
        _kept[:] = [board]
    return board


def _revision() -> str:
    [(revision, *_)] = fetch(HEAD, {"names": [], "campaigns": []})
    return str(revision)
