"""All that decisions about some customers depend on, in a fixed number of statements."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from launchopt.audiences.models import EventKind
from launchopt.campaigns.channels import sent_names
from launchopt.campaigns.models import Campaign, Launch
from launchopt.operations.statements import fetch

SUPPRESSING = [str(EventKind.PURCHASE), str(EventKind.RETURN), str(EventKind.DISLIKE)]


class Person(NamedTuple):
    """A customer as decisions know them."""

    pk: int
    external_id: str
    time_zone: str
    language: str
    segment: uuid.UUID | None  # the kind of shopper, where one is known


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


class Belonging(NamedTuple):
    """Where a customer was assigned, as themselves or as the visitor that they were."""

    experiment: uuid.UUID
    customer: int
    variant: str
    phase: int
    as_visitor: bool


@dataclass
class Moment:
    """Facts about customers, by their primary key."""

    people: dict[str, Person] = field(default_factory=dict)  # by the name that was asked for
    turns: dict[int, int] = field(default_factory=dict)  # how often decisions about them were kept
    left: dict[uuid.UUID, Decimal] = field(default_factory=dict)  # money, by campaign
    offers: dict[int, list[Offer]] = field(default_factory=dict)
    consented: set[int] = field(default_factory=set)
    suppressed: dict[tuple[int, int], datetime] = field(default_factory=dict)
    contacts: dict[int, list[Contact]] = field(default_factory=dict)
    belongings: list[Belonging] = field(default_factory=list)
    had_theirs: set[tuple[int, uuid.UUID]] = field(default_factory=set)  # customer, campaign

    def is_suppressed(self, customer: int, *, product: int, now: datetime) -> bool:
        """Whether the customer has bought the product, or asked not to see it, by now."""
        first = self.suppressed.get((customer, product))
        return first is not None and first <= now

    def launches_in_question(self) -> list[Launch]:
        """The launches that could speak to any of the customers."""
        offers = (offer for each in self.offers.values() for offer in each)
        launches = (offer.campaign.launch for offer in offers)
        return list({launch.pk: launch for launch in launches}.values())


def contacts_once(campaign: Campaign) -> bool:
    """Whether a campaign speaks to a customer once: a message is sent once, and where what one
    contact adds is known, more is not."""
    return campaign.launch.contacts_once or campaign.channel in sent_names()


class Serving:
    """Campaigns that may speak at some instants, as the statement is told of them: made once."""

    def __init__(self, campaigns: Iterable[Campaign], *, bought_since: datetime) -> None:
        self.campaigns = tuple(campaigns)
        self.by_pk = {campaign.pk: campaign for campaign in self.campaigns}
        launches = {campaign.launch_id: campaign.launch for campaign in self.campaigns}
        self.statuses = {pk: launch.status for pk, launch in launches.items()}
        hours = max((launch.cap_window_hours for launch in launches.values()), default=1)
        self.longest_window = timedelta(hours=hours)
        self.given = {
            "campaigns": _array(self.by_pk),
            "once": _array(campaign.pk for campaign in self.campaigns if contacts_once(campaign)),
            "products": _array({launch.product_id for launch in launches.values()}),
            "suppressing": _array(SUPPRESSING),
            "bought_since": bought_since,
        }


def _array(items: Iterable[Any]) -> str:
    """An array as PostgreSQL writes it: to write it anew for each question takes longer than that
    of asking."""
    return f"{{{','.join(map(str, items))}}}"


@dataclass(frozen=True)
class Asking:
    """Who is asked about, by the shop's ids, for decisions from `since` to `until`.

    A visitor who turned out to be a customer is that customer; who is not known is left out. An
    unsubscription or complaint withdraws the consent where it is recorded. Contacts are those of
    all launches and channels that a cap's window can reach.
    """

    names: Collection[str]
    serving: Serving
    since: datetime
    until: datetime
    holder: str  # the process, whose borrowed money counts

    def moment(self) -> Moment:
        """The facts, by one statement."""
        window = self.serving.longest_window
        given = self.serving.given | {
            "names": list(self.names),
            "first": self.since - window,
            "last": self.until + window,
            "until": self.until,
            "holder": self.holder,
        }
        moment = Moment()
        for row in fetch(FACTS, given):
            _take_in(moment, FactRow(*row), self.serving.by_pk)
        return moment


class FactRow(NamedTuple):
    """A customer; lists are empty or None where there is nothing."""

    name: str
    pk: int
    external_id: str
    time_zone: str
    language: str
    segment: uuid.UUID | None
    turn: int
    has_agreed: bool
    left_out_of: list[uuid.UUID]
    contacted_by: list[uuid.UUID]
    campaigns: list[uuid.UUID] | None
    probabilities: list[float | None] | None
    left: list[Decimal] | None
    contacted_at: list[datetime] | None
    lapses_at: list[datetime | None] | None
    caps: list[int] | None
    windows: list[int] | None
    products: list[int] | None
    silenced_at: list[datetime] | None
    experiments: list[uuid.UUID] | None
    variants: list[str] | None
    phases: list[int] | None
    as_visitor: list[bool] | None


FACTS = """
    SELECT n.name, c.id, c.external_id, c.time_zone, c.language,
           (SELECT p.segment_id FROM launchopt_audiences_persona p WHERE p.customer_id = c.id),
           coalesce(
               (SELECT t.number FROM launchopt_campaigns_turn t WHERE t.customer_id = c.id), 0
           ),
           EXISTS (
               SELECT FROM launchopt_audiences_consent a
               WHERE a.customer_id = c.id AND a.purpose = 'marketing' AND a.is_granted
           ),
           ARRAY(
               SELECT x.launch_id FROM launchopt_campaigns_excludedcustomer x
               WHERE x.customer_id = c.id
           ),
           ARRAY(
               SELECT o.campaign_id FROM launchopt_campaigns_decision o
               WHERE o.customer_id = c.id AND o.campaign_id = ANY(%(once)s::uuid[])
                 AND o.state IN ('reserved', 'confirmed')
           ),
           member.campaign, member.probability, member.left,
           contact.at, contact.lapses_at, contact.cap, contact.hours,
           silence.product, silence.at,
           assigned.experiment, assigned.variant, assigned.phase, assigned.as_visitor
    FROM unnest(%(names)s::text[]) AS n (name)
    JOIN launchopt_audiences_customer k ON k.external_id = n.name
    JOIN launchopt_audiences_customer c ON c.id = coalesce(k.merged_into_id, k.id)
    CROSS JOIN LATERAL (
        SELECT array_agg(k.id) AS campaign, array_agg(m.probability) AS probability,
               array_agg(
                   k.allowance - k.reserved - k.spent + coalesce(
                       (
                           SELECT b.amount FROM launchopt_campaigns_lease b
                           WHERE b.campaign_id = k.id AND b.holder = %(holder)s
                       ), 0
                   )
               ) AS left
        FROM launchopt_audiences_audiencemember m
        JOIN launchopt_campaigns_campaign k ON k.audience_id = m.audience_id
        WHERE m.customer_id = c.id AND k.id = ANY(%(campaigns)s::uuid[])
    ) member
    CROSS JOIN LATERAL (
        SELECT array_agg(d.decided_at) AS at,
               array_agg(CASE WHEN d.state = 'reserved' THEN d.expires_at END) AS lapses_at,
               array_agg(l.cap_contacts) AS cap, array_agg(l.cap_window_hours) AS hours
        FROM launchopt_campaigns_decision d JOIN launchopt_campaigns_launch l ON l.id = d.launch_id
        WHERE d.customer_id = c.id AND d.state IN ('reserved', 'confirmed')
          AND d.decided_at > %(first)s AND d.decided_at < %(last)s
    ) contact
    CROSS JOIN LATERAL (
        SELECT array_agg(e.product_id) AS product, array_agg(e.occurred_at) AS at
        FROM launchopt_audiences_event e
        WHERE e.customer_id = c.id AND e.product_id = ANY(%(products)s::bigint[])
          AND e.kind = ANY(%(suppressing)s::text[])
          AND e.occurred_at >= %(bought_since)s AND e.occurred_at <= %(until)s
    ) silence
    CROSS JOIN LATERAL (
        SELECT array_agg(s.experiment_id) AS experiment, array_agg(s.variant) AS variant,
               array_agg(s.phase) AS phase, array_agg(s.customer_id <> c.id) AS as_visitor
        FROM (
            SELECT s.*, (
                SELECT v.name FROM launchopt_experiments_variant v WHERE v.id = s.variant_id
            ) AS variant
            FROM launchopt_experiments_assignment s
            WHERE s.customer_id = ANY(
                c.id || ARRAY(
                    SELECT w.id FROM launchopt_audiences_customer w WHERE w.merged_into_id = c.id
                )
            )
            ORDER BY s.assigned_at
        ) s
    ) assigned
"""


def _take_in(moment: Moment, row: FactRow, campaigns: Mapping[uuid.UUID, Campaign]) -> None:
    is_new = row.pk not in moment.contacts  # a visitor and their customer may both be asked about
    moment.people[row.name] = Person(
        row.pk, row.external_id, row.time_zone, row.language, row.segment
    )
    if not is_new:
        return
    moment.turns[row.pk] = row.turn
    _take_in_offers(moment, row, campaigns)
    moment.had_theirs.update((row.pk, campaign) for campaign in row.contacted_by)
    if row.has_agreed:
        moment.consented.add(row.pk)
    moment.contacts[row.pk] = [
        Contact(at, lapses_at, cap, timedelta(hours=hours))
        for at, lapses_at, cap, hours in _columns(
            row.contacted_at, row.lapses_at, row.caps, row.windows
        )
    ]
    for product, at in _columns(row.products, row.silenced_at):
        key = (row.pk, product)
        moment.suppressed[key] = min(at, moment.suppressed.get(key, at))
    told = _columns(row.experiments, row.variants, row.phases, row.as_visitor)
    for experiment, variant, phase, as_visitor in told:
        moment.belongings.append(Belonging(experiment, row.pk, variant, phase, as_visitor))


def _take_in_offers(moment: Moment, row: FactRow, campaigns: Mapping[uuid.UUID, Campaign]) -> None:
    """What may be offered to the customer, the likeliest to be bought first."""
    offers = []
    for pk, probability, left in _columns(row.campaigns, row.probabilities, row.left):
        campaign = campaigns[pk]
        moment.left[pk] = left
        if campaign.launch_id not in row.left_out_of:
            offers.append(Offer(campaign, probability))
    if offers:
        offers.sort(key=lambda offer: (-(offer.probability or 0), offer.campaign.pk))
        moment.offers[row.pk] = offers


def _columns(*lists: Sequence[Any] | None) -> Iterator[tuple[Any, ...]]:
    """The rows of columns of one length, none where they are None."""
    return zip(*(column or () for column in lists), strict=True)
