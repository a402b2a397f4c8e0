"""Whom to contact next in an outbound channel, and who waits: each with a reason and a new time.

A held message is looked at again when its time has come; it is never dropped. Whom a tick decides
about it takes first, so that two ticks at once never decide about the same customer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Exists, Min, OuterRef, QuerySet

from launchopt.audiences.models import AudienceMember, Customer
from launchopt.campaigns.models import Campaign, Decision, HeldMessage, Message, Reason
from launchopt.campaigns.selectors.nights import is_night, quiet_hours, zone_or_shops
from launchopt.campaigns.services.pacing import PERIOD
from launchopt.campaigns.services.worth import bar_moves_at
from launchopt.conf import launchopt_settings
from launchopt_core.delivery import BestHours, sending_time
from launchopt_core.errors import UnknownTimeZone

HOUR = timedelta(hours=1)  # who could not be contacted may be an hour later
LOOKED_AT = 20_000  # of a campaign's members in one tick
BLOCK = 2_000
# What stands for the whole launch.
SETTLED = (Reason.HOLDOUT, Reason.SUPPRESSED)


@dataclass(frozen=True)
class Waiting:
    """A customer whom a campaign may contact."""

    campaign: Campaign
    customer: int
    name: str
    zone: str
    best: BestHours | None
    probability: float

    @property
    def key(self) -> tuple[int, str]:
        """By which the held message is known."""
        return self.customer, str(self.campaign.pk)


@dataclass
class Clock:
    """When a message may go out, counted once for customers of one zone and one habit."""

    now: datetime
    _known: dict[tuple[object, ...], datetime | None] = field(default_factory=dict)

    def time_of(self, waiting: Waiting, *, after: datetime | None = None) -> datetime | None:
        """The instant from now, or from `after`, on; None where nobody knows the zone."""
        start, ends_at = after or self.now, waiting.campaign.launch.ends_at
        key = (waiting.zone, waiting.best, start, ends_at)
        if key not in self._known:
            self._known[key] = self._look_up(waiting, start=start, ends_at=ends_at)
        return self._known[key]

    def is_night(self, waiting: Waiting) -> bool:
        """Whether outbound channels contact nobody there now."""
        return is_night(self.now, zone=waiting.zone)

    def _look_up(self, waiting: Waiting, *, start: datetime, ends_at: datetime) -> datetime | None:
        wait = timedelta(hours=launchopt_settings().best_hour_wait)
        try:
            return sending_time(
                start,
                waiting.zone,
                best=waiting.best if wait else None,
                until=min(ends_at, start + wait),
                **quiet_hours(),
            )
        except UnknownTimeZone:
            return None


def next_to_contact(
    campaigns: Sequence[Campaign], *, reachable: QuerySet[Customer], now: datetime, most: int
) -> list[Waiting]:
    """Members of campaigns to decide about now, the likeliest first: `most` customers at most.

    Who is left out: those whom the channel does not reach, those who wait, and those to whom a
    message of the launch went, or may have gone. Who waits for their best hour is held until then.
    Those who are given are held for an hour, in which no other tick decides about them.
    """
    clock, ready, later = Clock(now), list[Waiting](), list[HeldMessage]()
    for campaign in campaigns:
        mine = _look_at(campaign, reachable=reachable, clock=clock, most=most, later=later)
        ready += mine
    hold(later)
    names: dict[int, None] = {}
    for waiting in sorted(ready, key=lambda w: (-w.probability, w.customer)):
        names.setdefault(waiting.customer)
    chosen = set(list(names)[:most])
    return _taken([waiting for waiting in ready if waiting.customer in chosen], now=now)


def _look_at(
    campaign: Campaign,
    *,
    reachable: QuerySet[Customer],
    clock: Clock,
    most: int,
    later: list[HeldMessage],
) -> list[Waiting]:
    """Those of a campaign who may be contacted now; who waits for a better hour goes to `later`."""
    ready: list[Waiting] = []
    rows = _members(campaign, reachable=reachable, now=clock.now)[:LOOKED_AT]
    for row in rows.iterator(chunk_size=BLOCK):
        waiting = _waiting(campaign, row)
        at = None if clock.is_night(waiting) else clock.time_of(waiting)
        if at is not None and at > clock.now:
            later.append(_held(waiting, HeldMessage.BEST_HOUR, until=at, now=clock.now))
        else:
            ready.append(waiting)
        if len(ready) >= most:
            break
    return ready


FIELDS = (
    "customer", "customer__external_id", "customer__time_zone", "customer__best_hours__weekday",
    "customer__best_hours__weekend", "probability",
)  # fmt: skip


def _members(campaign: Campaign, *, reachable: QuerySet[Customer], now: datetime) -> QuerySet[
    AudienceMember, tuple[object, ...]
]:  # fmt: skip
    held = HeldMessage.objects.filter(
        customer=OuterRef("customer"), campaign=campaign, until__gt=now
    )
    messages = Message.objects.filter(
        decision__customer=OuterRef("customer"),
        decision__launch=campaign.launch_id,
        decision__channel=campaign.channel,
    ).exclude(state=Message.State.REFUSED)
    members = AudienceMember.objects.filter(audience=campaign.audience_id, customer__in=reachable)
    open_to = members.exclude(Exists(held)).exclude(Exists(messages))
    return open_to.order_by("-probability", "customer").values_list(*FIELDS)


def _waiting(campaign: Campaign, row: tuple[object, ...]) -> Waiting:
    customer, name, zone, weekday, weekend, probability = row
    best = None if weekday is None else BestHours(int(str(weekday)), int(str(weekend)))
    chance = float(str(probability or 0))
    at_home = zone_or_shops(str(zone))
    return Waiting(campaign, int(str(customer)), str(name), at_home, best, chance)


def hold_silent(
    decisions: Iterable[Decision], waiting: Collection[Waiting], *, now: datetime
) -> None:
    """Hold those of whom it was decided to contact them not, each with why and a new time."""
    silent = {d.customer_id: d for d in decisions if d.reason != Reason.SHOWN}
    frees = _caps_free(silent.values(), now=now)
    clock, held = Clock(now), list[HeldMessage]()
    for each in waiting:
        decision = silent.get(each.customer)
        if decision is not None:
            reason, until = _again(decision, each, clock=clock, frees=frees)
            held.append(_held(each, reason, until=until, now=now))
    hold(held)


def _again(
    decision: Decision, waiting: Waiting, *, clock: Clock, frees: dict[int, datetime]
) -> tuple[str, datetime]:
    """Why a message is held, and when it is looked at again."""
    now, launch, reason = clock.now, waiting.campaign.launch, decision.reason
    if reason == Reason.SUPPRESSED and clock.is_night(waiting):
        return HeldMessage.QUIET_HOURS, clock.time_of(waiting) or now + 24 * HOUR
    if decision.campaign_id != waiting.campaign.pk:  # it says nothing of this campaign
        return reason, now + HOUR
    if reason in SETTLED:
        return reason, launch.ends_at
    if reason == Reason.NOT_WORTH_IT:
        return reason, bar_moves_at(launch, after=now) if launch.goes_by_uplift else launch.ends_at
    if reason == Reason.NO_BUDGET:
        return reason, now + PERIOD
    if reason == Reason.CAPPED:
        after = frees.get(waiting.customer, now + HOUR)
        return reason, clock.time_of(waiting, after=after) or after
    return reason, now + HOUR


def _caps_free(decisions: Iterable[Decision], *, now: datetime) -> dict[int, datetime]:
    """When the earliest contact that counts leaves its launch's window, by customer: one query."""
    capped = {d.customer_id: d.launch for d in decisions if d.reason == Reason.CAPPED and d.launch}
    if not capped:
        return {}
    longest = max(launch.cap_window_hours for launch in capped.values())
    counted = Decision.objects.filter(
        customer__in=list(capped),
        state__in=(Decision.State.RESERVED, Decision.State.CONFIRMED),
        decided_at__gt=now - longest * HOUR,
    )
    firsts = counted.values_list("customer").annotate(Min("decided_at"))
    return {c: max(at + capped[c].cap_window_hours * HOUR, now + PERIOD) for c, at in firsts}


def hold(rows: Sequence[HeldMessage]) -> None:
    """Keep these in the place of what was held before."""
    HeldMessage.objects.bulk_create(
        rows,
        batch_size=BLOCK,
        update_conflicts=True,
        unique_fields=["customer", "campaign"],
        update_fields=["reason", "held_at", "until"],
    )


def _held(waiting: Waiting, reason: str, *, until: datetime, now: datetime) -> HeldMessage:
    return HeldMessage(
        campaign=waiting.campaign,
        customer_id=waiting.customer,
        reason=reason,
        held_at=now,
        until=until,
    )


TAKE = """
    INSERT INTO launchopt_campaigns_heldmessage AS h
           (customer_id, campaign_id, reason, held_at, until)
    SELECT t.customer, t.campaign, 'shown', %(now)s, %(until)s
    FROM unnest(%(customers)s::bigint[], %(campaigns)s::uuid[]) AS t (customer, campaign)
    ORDER BY 1, 2
    ON CONFLICT (customer_id, campaign_id) DO UPDATE
    SET reason = excluded.reason, held_at = excluded.held_at, until = excluded.until
    WHERE h.until <= excluded.held_at
    RETURNING customer_id, campaign_id::text
"""


def _taken(ready: Sequence[Waiting], *, now: datetime) -> list[Waiting]:
    """Those that no other tick has taken meanwhile; one statement, which holds them for an hour."""
    with connection.cursor() as cursor:
        cursor.execute(
            TAKE,
            {
                "now": now,
                "until": now + HOUR,
                "customers": [waiting.customer for waiting in ready],
                "campaigns": [str(waiting.campaign.pk) for waiting in ready],
            },
        )
        mine = set(cursor.fetchall())
    lost = {waiting.customer for waiting in ready if waiting.key not in mine}
    taken = [waiting for waiting in ready if waiting.customer not in lost]
    return sorted(taken, key=lambda w: (-w.probability, w.customer))
