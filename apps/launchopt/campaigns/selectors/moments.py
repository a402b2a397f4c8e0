"""All that decisions about some customers depend on, in a fixed number of queries."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef

from launchopt.audiences.models import AudienceMember, Consent, Event, EventKind
from launchopt.campaigns.models import Campaign, Decision, ExcludedCustomer
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
    """The facts about these customers for decisions from `since` to `until`. Three queries."""
    moment = Moment()
    if not campaigns or not customers:
        return moment
    _read_offers(moment, customers, campaigns)
    known = list(moment.offers)
    if not known:
        return moment
    moment.suppressed = _suppressed(known, campaigns=campaigns, until=until)
    moment.contacts = _contacts(known, campaigns=campaigns, since=since, until=until)
    return moment


def _read_offers(moment: Moment, customers: Collection[int], campaigns: Iterable[Campaign]) -> None:
    """What each customer may be offered, and who agreed to marketing, in one query.

    An unsubscription or complaint withdraws the consent where it is recorded.
    """
    by_audience: dict[uuid.UUID, list[Campaign]] = defaultdict(list)
    for campaign in campaigns:
        by_audience[campaign.audience_id].append(campaign)
    mine = OuterRef("customer")
    agreed = Consent.objects.filter(customer=mine, purpose="marketing", is_granted=True)
    left_out = ExcludedCustomer.objects.filter(
        customer=mine, launch__in={campaign.launch_id for campaign in campaigns}
    )
    rows = AudienceMember.objects.filter(
        customer__in=customers, audience__in=list(by_audience)
    ).values_list(
        "customer_id", "audience_id", "probability", Exists(agreed),
        ArraySubquery(left_out.values("launch")),
    )  # fmt: skip
    for customer, audience, probability, has_agreed, excluded in rows:
        if has_agreed:
            moment.consented.add(customer)
        for campaign in by_audience[audience]:
            if campaign.launch_id not in excluded:
                moment.offers.setdefault(customer, []).append(Offer(campaign, probability))
    for offers in moment.offers.values():
        offers.sort(key=lambda offer: (-(offer.probability or 0), offer.campaign.pk))


def _suppressed(
    customers: Collection[int], *, campaigns: Iterable[Campaign], until: datetime
) -> dict[tuple[int, int], datetime]:
    """When each customer first bought, returned or disliked a product that is launched."""
    products = {campaign.launch.product_id for campaign in campaigns}
    rows = (
        Event.objects.filter(product__in=products, kind__in=SUPPRESSING)
        .filter(customer__in=customers, occurred_at__lte=until)
        .order_by("-occurred_at")
        .values_list("customer_id", "product_id", "occurred_at")
    )
    return {(customer, product): at for customer, product, at in rows if product is not None}


def _contacts(
    customers: Collection[int], *, campaigns: Iterable[Campaign], since: datetime, until: datetime
) -> dict[int, list[Contact]]:
    """Contacts of all launches and channels that a cap's window can reach."""
    reach = timedelta(hours=max(campaign.launch.cap_window_hours for campaign in campaigns))
    rows = Decision.objects.filter(
        customer__in=customers,
        state__in=[Decision.State.RESERVED, Decision.State.CONFIRMED],
        decided_at__gt=since - reach,
        decided_at__lt=until + reach,
    ).values_list(
        "customer_id",
        "decided_at",
        "expires_at",
        "state",
        "launch__cap_contacts",
        "launch__cap_window_hours",
    )
    contacts: dict[int, list[Contact]] = defaultdict(list)
    for customer, at, expires_at, state, cap, hours in rows:
        lapses = expires_at if state == Decision.State.RESERVED else None
        contacts[customer].append(Contact(at, lapses, cap, timedelta(hours=hours)))
    return dict(contacts)
