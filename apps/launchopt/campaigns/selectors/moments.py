"""All that decisions about some customers depend on, in a fixed number of queries."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from launchopt.audiences.models import EventKind
from launchopt.campaigns.models import Campaign
from launchopt.experiments.models import Experiment

SUPPRESSING = (EventKind.PURCHASE, EventKind.RETURN, EventKind.DISLIKE)


@dataclass(frozen=True)
class Offer:
    """A campaign that may speak to a customer, and how likely the customer is to buy."""

    campaign: Campaign
    probability: float | None


@dataclass(frozen=True)
class Contact:
    """A contact that counts, or counts until its reservation lapses; with its launch's own cap."""

    at: datetime
    expires_at: datetime | None  # None where the exposure has confirmed it
    cap: int
    window: timedelta

    def counts_at(self, now: datetime) -> bool:
        """Whether it still counts."""
        return self.expires_at is None or self.expires_at > now


@dataclass
class Moment:
    """Facts about customers, by their primary key."""

    offers: dict[int, list[Offer]] = field(default_factory=dict)
    consented: set[int] = field(default_factory=set)
    suppressed: dict[tuple[int, int], datetime] = field(default_factory=dict)
    contacts: dict[int, list[Contact]] = field(default_factory=dict)
    assigned: dict[tuple[uuid.UUID, int], tuple[str, int]] = field(default_factory=dict)
    had_theirs: set[tuple[int, uuid.UUID]] = field(default_factory=set)  # customer, campaign

    def experiments(self) -> set[Experiment]:
        """The experiments of all launches that may speak to any of the customers."""
        launches = (offer.campaign.launch for each in self.offers.values() for offer in each)
        return {launch.experiment for launch in launches if launch.experiment}

    def is_suppressed(self, customer: int, *, product: int, now: datetime) -> bool:
        """Whether the customer has bought the product, or asked not to see it, by now."""
        first = self.suppressed.get((customer, product))
        return first is not None and first <= now


def moment_of(
    customers: Collection[int], *, campaigns: Collection[Campaign], since: datetime, until: datetime
) -> Moment:
    """The facts about these customers for decisions from `since` to `until`, in one statement.

    An unsubscription or complaint withdraws the consent where it is recorded. Contacts are those of
    all launches and channels that a cap's window can reach.
    """
    moment = Moment()
    if not campaigns or not customers:
        return moment
    by_audience: dict[uuid.UUID, list[Campaign]] = defaultdict(list)
    for campaign in campaigns:
        by_audience[campaign.audience_id].append(campaign)
    reach = timedelta(hours=max(campaign.launch.cap_window_hours for campaign in campaigns))
    with connection.cursor() as cursor:
        cursor.execute(
            FACTS,
            {
                "customers": list(customers),
                "audiences": list(by_audience),
                "launches": list({campaign.launch_id for campaign in campaigns}),
                "once": list({c.launch_id for c in campaigns if c.launch.contacts_once}),
                "products": list({campaign.launch.product_id for campaign in campaigns}),
                "experiments": list({campaign.launch.experiment_id for campaign in campaigns}),
                "suppressing": list(SUPPRESSING),
                "first": since - reach,
                "last": until + reach,
                "until": until,
            },
        )
        for row in cursor.fetchall():
            _take_in(moment, FactRow(*row), by_audience)
    for offers in moment.offers.values():
        offers.sort(key=lambda offer: (-(offer.probability or 0), offer.campaign.pk))
    return moment


class FactRow(NamedTuple):
    """A customer as a member of one audience; lists are empty or None where there is nothing."""

    customer: int
    audience: uuid.UUID
    probability: float | None
    has_agreed: bool
    left_out_of: list[uuid.UUID]
    contacted_by: list[uuid.UUID]
    contacted_at: list[datetime] | None
    lapses_at: list[datetime | None] | None
    caps: list[int] | None
    windows: list[int] | None
    products: list[int] | None
    silenced_at: list[datetime] | None
    experiments: list[uuid.UUID] | None
    variants: list[str] | None
    phases: list[int] | None


FACTS = """
    SELECT m.customer_id, m.audience_id, m.probability,
           EXISTS (
               SELECT FROM launchopt_audiences_consent a
               WHERE a.customer_id = m.customer_id AND a.purpose = 'marketing' AND a.is_granted
           ),
           ARRAY(
               SELECT x.launch_id FROM launchopt_campaigns_excludedcustomer x
               WHERE x.customer_id = m.customer_id AND x.launch_id = ANY(%(launches)s)
           ),
           ARRAY(
               SELECT o.campaign_id FROM launchopt_campaigns_decision o
               WHERE o.customer_id = m.customer_id AND o.launch_id = ANY(%(once)s)
                 AND o.state IN ('reserved', 'confirmed')
           ),
           contact.at, contact.lapses_at, contact.cap, contact.hours,
           silence.product, silence.at,
           assigned.experiment, assigned.variant, assigned.phase
    FROM launchopt_audiences_audiencemember m
    CROSS JOIN LATERAL (
        SELECT array_agg(d.decided_at) AS at,
               array_agg(CASE WHEN d.state = 'reserved' THEN d.expires_at END) AS lapses_at,
               array_agg(l.cap_contacts) AS cap, array_agg(l.cap_window_hours) AS hours
        FROM launchopt_campaigns_decision d JOIN launchopt_campaigns_launch l ON l.id = d.launch_id
        WHERE d.customer_id = m.customer_id AND d.state IN ('reserved', 'confirmed')
          AND d.decided_at > %(first)s AND d.decided_at < %(last)s
    ) contact
    CROSS JOIN LATERAL (
        SELECT array_agg(e.product_id) AS product, array_agg(e.occurred_at) AS at
        FROM launchopt_audiences_event e
        WHERE e.customer_id = m.customer_id AND e.product_id = ANY(%(products)s)
          AND e.kind = ANY(%(suppressing)s) AND e.occurred_at <= %(until)s
    ) silence
    CROSS JOIN LATERAL (
        SELECT array_agg(s.experiment_id) AS experiment, array_agg(v.name) AS variant,
               array_agg(s.phase) AS phase
        FROM launchopt_experiments_assignment s
        JOIN launchopt_experiments_variant v ON v.id = s.variant_id
        WHERE s.customer_id = m.customer_id AND s.experiment_id = ANY(%(experiments)s)
    ) assigned
    WHERE m.customer_id = ANY(%(customers)s) AND m.audience_id = ANY(%(audiences)s)
"""


def _take_in(
    moment: Moment, row: FactRow, by_audience: Mapping[uuid.UUID, Collection[Campaign]]
) -> None:
    for campaign in by_audience[row.audience]:
        if campaign.launch_id not in row.left_out_of:
            offer = Offer(campaign, row.probability)
            moment.offers.setdefault(row.customer, []).append(offer)
    moment.had_theirs.update((row.customer, campaign) for campaign in row.contacted_by)
    if row.has_agreed:
        moment.consented.add(row.customer)
    moment.contacts[row.customer] = [
        Contact(at, lapses_at, cap, timedelta(hours=hours))
        for at, lapses_at, cap, hours in _columns(
            row.contacted_at, row.lapses_at, row.caps, row.windows
        )
    ]
    for product, at in _columns(row.products, row.silenced_at):
        key = (row.customer, product)
        moment.suppressed[key] = min(at, moment.suppressed.get(key, at))
    for experiment, variant, phase in _columns(row.experiments, row.variants, row.phases):
        moment.assigned[experiment, row.customer] = (variant, phase)


def _columns(*lists: Sequence[Any] | None) -> Iterator[tuple[Any, ...]]:
    """The rows of columns of one length, none where they are None."""
    return zip(*(column or () for column in lists), strict=True)
