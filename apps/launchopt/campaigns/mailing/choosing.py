"""Whom to write to next: the likeliest members of audiences whom nobody has written to."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from launchopt.audiences.models import AudienceMember, Customer, Event, EventKind
from launchopt.campaigns.models import Campaign, Decision, Message, Reason
from launchopt.campaigns.selectors import campaigns_serving
from launchopt.conf import launchopt_settings

EMAIL = "email"
ASKED_AGAIN_AFTER = timedelta(hours=1)  # who could not be written to may be an hour later
# A decision that stands for the whole launch: nobody asks again.
SETTLED = (Reason.HOLDOUT, Reason.NOT_WORTH_IT)


def is_mail_set_up() -> bool:
    """Whether the host lets LaunchOpt send e-mails."""
    shop = launchopt_settings()
    return bool(shop.email_from and shop.site_url)


def open_campaigns(*, now: datetime) -> list[Campaign]:
    """The e-mail campaigns that run at this instant on the clock of the wall."""
    found = campaigns_serving(channels=[EMAIL], since=now, until=now, with_simulated=False)
    return [campaign for campaign in found if campaign.launch.status == "running"]


def affordable(campaigns: list[Campaign]) -> int:
    """How many messages the money covers that pacing has let out."""
    left = ((c.allowance - c.reserved - c.spent) // c.cost_per_contact for c in campaigns)
    return sum(max(int(count), 0) for count in left)


def next_customers(campaigns: list[Campaign], *, now: datetime, most: int) -> list[str]:
    """The shop's ids of members to decide about, the likeliest first.

    Left out are customers without an address, those whose mail bounced, those who were decided
    about for good or within the hour, and those to whom a message went, or may have gone.
    """
    launches = [campaign.launch_id for campaign in campaigns]
    members = AudienceMember.objects.filter(
        audience__in=[campaign.audience_id for campaign in campaigns],
        customer__merged_into=None,
    ).exclude(customer__email="")
    decisions = Decision.objects.filter(
        customer=OuterRef("customer"), launch__in=launches, channel=EMAIL
    )
    messages = Message.objects.filter(
        decision__customer=OuterRef("customer"), decision__launch__in=launches
    ).exclude(state=Message.State.REFUSED)
    bounces = Event.objects.filter(customer=OuterRef("customer"), kind=EventKind.BOUNCE)
    waiting = members.exclude(
        Exists(decisions.filter(Q(reason__in=SETTLED) | Q(decided_at__gt=now - ASKED_AGAIN_AFTER)))
    ).exclude(Exists(messages))
    return _likeliest(waiting.exclude(Exists(bounces)), most=most)


def _likeliest(members: QuerySet[AudienceMember], *, most: int) -> list[str]:
    best = (
        members.values("customer")
        .annotate(best=Max("probability"))
        .order_by("-best", "customer")
        .values_list("customer", flat=True)[:most]
    )
    names = dict(Customer.objects.filter(pk__in=list(best)).values_list("pk", "external_id"))
    return [names[pk] for pk in best if pk in names]
