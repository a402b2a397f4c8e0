"""The channel whose messages the shop's own sender sends, such as text messages or push."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from launchopt.audiences.models import Customer
from launchopt.campaigns.channels import Sender
from launchopt.campaigns.delivering.settling import leave_to_person, settle
from launchopt.campaigns.models import Decision, Message
from launchopt.campaigns.onsite.links import CLICK, UNSUBSCRIBE, address_of
from launchopt.campaigns.selectors.nights import quiet_hours, zone_or_shops
from launchopt.conf import launchopt_settings
from launchopt.operations.models import WebhookDelivery, WebhookEndpoint
from launchopt.operations.webhooks import tell
from launchopt.operations.webhooks.events import MESSAGE_DECIDED
from launchopt_core.delivery import is_quiet

MOST_WAITING = 200  # messages that the sender has not taken yet
MINUTE, LONGEST = timedelta(minutes=1), timedelta(hours=1)
WORDS = ("headline", "body", "call_to_action", "alt_text", "language")


class Webhook(Sender):
    """Told as the signed event `message.decided`, at least once, under the id of its delivery.

    The endpoint that asks for the event is the sender. It is told of the shop's own id of the
    customer, never of an e-mail address or a phone number: those it knows itself.
    """

    title = "webhook to the shop's own sender"
    is_repeatable = True

    def is_ready(self) -> bool:
        """Whether a sender listens, and links can be written."""
        listens = WebhookEndpoint.objects.filter(is_active=True, events__contains=[MESSAGE_DECIDED])
        return bool(launchopt_settings().site_url) and listens.exists()

    def room(self) -> int:
        """A sender that takes nothing is given nothing more."""
        waiting = WebhookDelivery.objects.filter(
            event=MESSAGE_DECIDED, state=WebhookDelivery.State.WAITING
        )
        return MOST_WAITING - waiting.count()

    def reachable(self, customers: QuerySet[Customer]) -> QuerySet[Customer]:
        """Those whom the shop knows by name."""
        return customers.filter(is_anonymous=False)

    def send(self, decision: Decision, *, now: datetime) -> bool:
        """Leave it in the outbox; what became of it is told when it has arrived, or too late."""
        until = last_moment(decision, now=now)
        told = message_of(decision) | {"send_before": until.isoformat()}
        tell(MESSAGE_DECIDED, told, key=str(decision.pk), now=now, expires_at=until)
        return False


def message_of(decision: Decision) -> dict[str, Any]:
    """What a sender needs, and nothing that tells who the customer is to others."""
    creative, launch = decision.creative, decision.launch
    assert creative is not None
    assert launch is not None, "only what shows something is sent"
    site = launchopt_settings().site_url.rstrip("/")
    return {
        "message": str(decision.pk),
        "channel": decision.channel,
        "customer": decision.customer.external_id,
        "launch": str(launch.pk),
        "variant": decision.variant,
        "sku": launch.product.sku,
        **{name: getattr(creative, name) for name in WORDS},
        "url": site + address_of(decision.pk, kind=CLICK),
        "unsubscribe_url": site + address_of(decision.pk, kind=UNSUBSCRIBE),
    }


def last_moment(decision: Decision, *, now: datetime) -> datetime:
    """Until when it may go: as long as its money is kept, and before the customer's night."""
    zone, quiet = zone_or_shops(decision.customer.time_zone), quiet_hours()
    assert decision.expires_at is not None, "what is to be sent is reserved"
    until, end = now, min(decision.expires_at, now + LONGEST)
    while until < end and not is_quiet(until, zone, **quiet):
        until += MINUTE
    return min(until, end)


def told_of(delivery: WebhookDelivery, *, now: datetime) -> None:
    """What came of a delivery is what came of its message."""
    message = Message.objects.filter(pk=delivery.key).select_related("decision__customer").first()
    if message is None or message.state in (Message.State.SENT, Message.State.REFUSED):
        return
    has_arrived = delivery.state == WebhookDelivery.State.DELIVERED
    if not has_arrived and delivery.is_doubtful:
        leave_to_person(message.decision, why="no answer to its webhook", now=now)
    else:
        settle(message.decision, was_sent=has_arrived, now=now, why=delivery.error)
