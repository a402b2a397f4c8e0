"""Whom to write to next: the likeliest members of audiences whom nobody has written to."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from launchopt.audiences.models import AudienceMember, Customer
from launchopt.campaigns.channels import Sender
from launchopt.campaigns.models import Campaign, Decision, Message, Reason
from launchopt.campaigns.selectors import campaigns_serving

ASKED_AGAIN_AFTER = timedelta(hours=1)  # who could not be written to may be an hour later
# A decision that stands for the whole launch: nobody asks again.
SETTLED = (Reason.HOLDOUT, Reason.NOT_WORTH_IT)


def open_campaigns(channel: Sender, *, now: datetime) -> list[Campaign]:
    """The campaigns of a channel that run at this instant on the clock of the wall."""
    found = campaigns_serving(channels=[channel.name], since=now, until=now, with_simulated=False)
    return [campaign for campaign in found if campaign.launch.status == "running"]


def affordable(campaigns: list[Campaign]) -> int:
    """How many messages the money covers that pacing has let out."""
    left = ((c.allowance - c.reserved - c.spent) // c.cost_per_contact for c in campaigns)
    return sum(max(int(count), 0) for count in left)


def next_customers(
    campaigns: list[Campaign], *, channel: Sender, now: datetime, most: int
) -> list[str]:
    """The shop's ids of members to decide about, the likeliest first.

    Left out are customers whom the channel does not reach, those who were decided about for good or
    within the hour, and those to whom a message of it went, or may have gone.
    """
    launches = [campaign.launch_id for campaign in campaigns]
    reached = channel.reachable(Customer.objects.filter(merged_into=None))
    members = AudienceMember.objects.filter(
        audience__in=[campaign.audience_id for campaign in campaigns]
    ).filter(Exists(reached.filter(pk=OuterRef("customer"))))
    decisions = Decision.objects.filter(
        customer=OuterRef("customer"), launch__in=launches, channel=channel.name
    )
    messages = Message.objects.filter(
        decision__customer=OuterRef("customer"),
        decision__launch__in=launches,
        decision__channel=channel.name,
    ).exclude(state=Message.State.REFUSED)
    waiting = members.exclude(
        Exists(decisions.filter(Q(reason__in=SETTLED) | Q(decided_at__gt=now - ASKED_AGAIN_AFTER)))
    ).exclude(Exists(messages))
    return _likeliest(waiting, most=most)


def _likeliest(members: QuerySet[AudienceMember], *, most: int) -> list[str]:
    best = (
        members.values("customer")
        .annotate(best=Max("probability"))
        .order_by("-best", "customer")
        .values_list("customer", flat=True)[:most]
    )
    names = dict(Customer.objects.filter(pk__in=list(best)).values_list("pk", "external_id"))
    return [names[pk] for pk in best if pk in names]
