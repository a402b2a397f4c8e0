"""The desk at which decisions are ruled: it holds the facts, and what it has given away so far."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from launchopt.campaigns.channels import outbound_names
from launchopt.campaigns.models import (
    Campaign,
    Creative,
    Decision,
    Launch,
    Placement,
)
from launchopt.campaigns.selectors import Moment, Offer
from launchopt.campaigns.selectors.moments import Contact, Person, Serving, contacts_once
from launchopt.campaigns.selectors.nights import is_night, zone_or_shops
from launchopt.campaigns.services.assigning import Arms, Assigned, drawn_in
from launchopt.campaigns.services.inputs import HANGS_ON_CHANCE, inputs_of
from launchopt.campaigns.services.storing import Kept, is_in_log, keep_decisions, weight_of
from launchopt.campaigns.services.wording import Place, Words
from launchopt.conf import launchopt_settings
from launchopt.experiments.holdout import is_held_from_all_launches
from launchopt_core.delivery import (
    Situation,
    Verdict,
    answered_with,
    has_room,
    verdict_on,
)

POLICY = "delivery-2"
UNASSIGNED = Assigned(variant="", phase=0, propensity=1.0)


@dataclass(frozen=True)
class Ruling:
    """What was decided about one question."""

    decision: Decision
    creative: Creative | None


@dataclass(frozen=True)
class Considered:
    """One offer, judged."""

    offer: Offer
    situation: Situation
    verdict: Verdict
    assigned: Assigned
    creatives: Sequence[Creative]


@dataclass(frozen=True)
class Judged:
    """What comes of all offers: the answer, and the facts that it goes by."""

    verdict: Verdict
    situations: Sequence[Situation]  # of each offer; of the moment where there is none
    best: Considered | None = None


class Desk:
    """Rules on question after question; what one answer takes, the next no longer finds."""

    def __init__(
        self,
        *,
        serving: Serving,
        moment: Moment,
        arms: Mapping[uuid.UUID, Arms],
        words: Words,
    ) -> None:
        self.campaigns, self.moment, self.arms = serving.campaigns, moment, arms
        self._words, self._left = words, dict(moment.left)
        self._rulings: dict[tuple[int, str, datetime], Ruling] = {}
        self._taken: dict[uuid.UUID, Decimal] = defaultdict(Decimal)
        self._status = dict(serving.statuses)
        self._holds_campaigns = False

    def take_money(self, locked: Mapping[object, Campaign]) -> None:
        """Go by these campaigns, locked, and by what their launches' state is now that they are."""
        self._holds_campaigns = True
        launches = {campaign.launch_id for campaign in locked.values()}
        rows = Launch.objects.filter(pk__in=launches).values_list("pk", "status")
        self._status |= dict(rows)
        self._left |= {c.pk: c.allowance - c.reserved - c.spent for c in locked.values()}

    def rule(
        self, customer: Person, *, placement: Placement, at: datetime, context: dict[str, Any]
    ) -> Ruling:
        """Decide; the same question at the same instant has the same answer."""
        key = (customer.pk, placement.pk, at)
        if key not in self._rulings:
            judged = self._best(customer, channel=placement.channel, at=at)
            decision = self._decision(judged, customer, placement=placement, at=at)
            decision.context, decision.weight = context, weight_of(decision)
            self._rulings[key] = Ruling(decision, decision.creative)
        return self._rulings[key]

    def close(self, *, variants: Mapping[tuple[uuid.UUID, str], int], revision: str | None) -> Kept:
        """Keep every assignment, decision and reservation, unless others came first."""
        decisions = [ruling.decision for ruling in self._rulings.values()]
        drawn = drawn_in(self.arms.values(), variants=variants)
        moved = {each.customer for each in drawn}
        moved.update(d.customer_id for d in decisions if d.state == Decision.State.RESERVED)
        return keep_decisions(
            [decision for decision in decisions if is_in_log(decision)],
            drawn=drawn,
            taken=self._taken,
            turns={customer: self.moment.turns[customer] for customer in moved},
            revision=revision,
            borrows=not self._holds_campaigns,
        )

    def _best(self, customer: Person, *, channel: str, at: datetime) -> Judged:
        """The first offer that may be shown, likeliest first; else why the likeliest is not."""
        offers = self._offers(customer, channel=channel, at=at)
        if not offers:
            return self._without_offer(channel=channel, at=at)
        judged = [self._consider(customer, offer, at=at) for offer in offers]
        best = judged[answered_with([each.verdict for each in judged])]
        return Judged(best.verdict, [each.situation for each in judged], best)

    def _offers(self, customer: Person, *, channel: str, at: datetime) -> list[Offer]:
        """At most one offer of each launch that is on at this instant."""
        by_launch: dict[uuid.UUID, Offer] = {}
        for offer in self.moment.offers.get(customer.pk, ()):
            if offer.campaign.channel == channel and self._is_on(offer.campaign, at=at):
                by_launch.setdefault(offer.campaign.launch_id, offer)
        return list(by_launch.values())

    def _is_on(self, campaign: Campaign, *, at: datetime) -> bool:
        launch = campaign.launch
        serving = self._status[launch.pk] in (Launch.Status.RUNNING, Launch.Status.PAUSED)
        return serving and launch.starts_at <= at < launch.ends_at

    def _without_offer(self, *, channel: str, at: datetime) -> Judged:
        states = {
            self._status[campaign.launch_id]
            for campaign in self.campaigns
            if campaign.channel == channel and self._is_on(campaign, at=at)
        }
        situation = Situation(
            has_launch=bool(states),
            is_paused=states == {Launch.Status.PAUSED},
            is_in_audience=False,
        )
        return Judged(verdict_on(situation), [situation])

    def _consider(self, customer: Person, offer: Offer, *, at: datetime) -> Considered:
        campaign, launch = offer.campaign, offer.campaign.launch
        is_paused = self._status[launch.pk] == Launch.Status.PAUSED
        has_consent = customer.pk in self.moment.consented
        is_held_from_all = is_held_from_all_launches(customer.external_id)
        had_theirs = (customer.pk, campaign.pk) in self.moment.had_theirs
        is_worth_it = _is_worth_it(offer) and not had_theirs
        # Who would never be contacted takes no part: they would only dilute what is measured.
        # Nor does who is held from all launches: that draw is not this experiment's.
        takes_part = has_consent and is_worth_it and not is_paused and not is_held_from_all
        assigned = self._assigned(customer, campaign, at=at, is_new=takes_part)
        place = Place(launch.pk, campaign.audience_id, campaign.channel, assigned.variant)
        creatives = self._words.of(place, customer)
        situation = Situation(
            is_paused=is_paused,
            has_consent=has_consent,
            is_holdout=assigned.is_holdout or is_held_from_all,
            has_room_under_cap=self._has_room(customer, launch, at=at),
            is_suppressed=self._is_suppressed(customer, campaign, at=at),
            has_budget=self._money_of(campaign) >= campaign.cost_per_contact,
            is_worth_it=is_worth_it,
            has_creative=bool(creatives),
            variant=assigned.variant or None,
        )
        return Considered(offer, situation, verdict_on(situation), assigned, creatives)

    def _assigned(
        self, customer: Person, campaign: Campaign, *, at: datetime, is_new: bool
    ) -> Assigned:
        """The variant kept or, at the first eligible decision, drawn. Others only learn if the hash
        leaves them out."""
        arms = self.arms.get(campaign.launch.experiment_id)  # type: ignore[arg-type]
        if arms is None:
            return UNASSIGNED
        if is_new:
            return arms.assigned(customer, audience=campaign.audience_id, at=at)
        would_be = arms.would_be(customer, audience=campaign.audience_id)
        is_kept = customer.pk in arms.known
        return would_be if is_kept or would_be.is_holdout else UNASSIGNED

    def _has_room(self, customer: Person, launch: Launch, *, at: datetime) -> bool:
        """Whether one more contact keeps the launch's own cap, and those of earlier contacts."""
        counted = [c for c in self.moment.contacts.get(customer.pk, ()) if c.counts_at(at)]
        own = (launch.cap_contacts, timedelta(hours=launch.cap_window_hours))
        rules = {own} | {(contact.cap, contact.window) for contact in counted}
        times = [contact.at for contact in counted]
        return all(has_room(times, at, window, cap) for cap, window in rules)

    def _is_suppressed(self, customer: Person, campaign: Campaign, *, at: datetime) -> bool:
        if self.moment.is_suppressed(customer.pk, product=campaign.launch.product_id, now=at):
            return True
        if campaign.channel not in outbound_names():
            return False
        return is_night(at, zone=zone_or_shops(customer.time_zone))

    def _money_of(self, campaign: Campaign) -> Decimal:
        return self._left[campaign.pk] - self._taken.get(campaign.pk, Decimal(0))

    def _decision(
        self,
        judged: Judged,
        customer: Person,
        *,
        placement: Placement,
        at: datetime,
    ) -> Decision:
        decision = Decision(
            id=uuid.uuid4(),
            customer_id=customer.pk,
            placement_id=placement.pk,
            channel=placement.channel,
            policy_version=POLICY,
            propensity=1.0,
            cost=Decimal(0),
            state=Decision.State.SILENT,
            decided_at=at,
        )
        best = judged.best
        decision.reason = judged.verdict.reason.value
        decision.inputs = inputs_of(
            judged.situations, assigned=best and best.assigned, seed=customer.pk
        )
        if best:
            self._fill(decision, best, customer)
        if best and best.verdict.is_shown:
            self._reserve(decision, best)
        return decision

    def _fill(self, decision: Decision, best: Considered, customer: Person) -> None:
        campaign, assigned = best.offer.campaign, best.assigned
        hangs_on_chance = best.verdict.reason in HANGS_ON_CHANCE
        decision.launch_id, decision.campaign_id = campaign.launch_id, campaign.pk
        decision.variant = best.verdict.variant or ""
        decision.phase = assigned.phase if assigned.variant else None
        decision.candidates = self._candidates(campaign, customer)
        decision.propensity = assigned.propensity if hangs_on_chance else 1.0

    def _candidates(self, campaign: Campaign, customer: Person) -> list[dict[str, Any]]:
        """Each variant that chance could have chosen here, with its share now and its words."""
        arms = self.arms.get(campaign.launch.experiment_id)  # type: ignore[arg-type]
        if arms is None:
            return []
        where = (campaign.launch_id, campaign.audience_id, campaign.channel)
        return [
            {
                "variant": name,
                "share": share,
                "creatives": [str(c.pk) for c in self._words.of(Place(*where, name), customer)],
            }
            for name, share in sorted(arms.shares_for(campaign.audience_id).items())
        ]

    def _reserve(self, decision: Decision, best: Considered) -> None:
        campaign, launch = best.offer.campaign, best.offer.campaign.launch
        chosen = best.creatives[decision.customer_id % len(best.creatives)]
        minutes = launchopt_settings().reservation_minutes
        decision.creative, decision.cost = chosen, campaign.cost_per_contact
        decision.propensity = best.assigned.propensity / len(best.creatives)
        decision.state = Decision.State.RESERVED
        decision.expires_at = decision.decided_at + timedelta(minutes=minutes)
        self._taken[campaign.pk] += campaign.cost_per_contact
        if contacts_once(campaign):
            self.moment.had_theirs.add((decision.customer_id, campaign.pk))
        # The caller cannot have confirmed it yet: within this request it does not lapse.
        self.moment.contacts.setdefault(decision.customer_id, []).append(
            Contact(
                decision.decided_at,
                None,
                launch.cap_contacts,
                timedelta(hours=launch.cap_window_hours),
            )
        )


def _is_worth_it(offer: Offer) -> bool:
    """Whether a purchase is at least as likely, for its cost, as with the plan's last contact."""
    threshold = offer.campaign.launch.plan.get("marginal_response", {}).get("value") or 0.0
    if offer.probability is None:
        return True
    return offer.probability >= threshold * float(offer.campaign.cost_per_contact) * (1 - 1e-9)
