"""The channel e-mail, through Django's own mail backends."""

from __future__ import annotations

from datetime import datetime

from django.core.mail import get_connection
from django.db.models import Exists, OuterRef, QuerySet

from launchopt.audiences.models import Customer, Event, EventKind
from launchopt.campaigns.channels import Refused, Sender
from launchopt.campaigns.mailing.composing import message_of, test_message_of
from launchopt.campaigns.models import Creative, Decision
from launchopt.conf import launchopt_settings
from launchopt.operations.errors import Conflict
from launchopt.operations.mails import REFUSALS, told


class Email(Sender):
    """Messages to the addresses of customers, each at most once: SMTP knows no repeats."""

    title = "e-mail"

    def is_ready(self) -> bool:
        """Whether the host lets LaunchOpt send e-mails."""
        shop = launchopt_settings()
        return bool(shop.email_from and shop.site_url)

    def reachable(self, customers: QuerySet[Customer]) -> QuerySet[Customer]:
        """Those with an address from which nothing has bounced."""
        bounces = Event.objects.filter(customer=OuterRef("pk"), kind=EventKind.BOUNCE)
        return customers.exclude(email="").exclude(Exists(bounces))

    def send(self, decision: Decision, *, now: datetime) -> bool:
        """Hand it to the mail server."""
        try:
            get_connection().send_messages([message_of(decision, to=decision.customer.email)])
        except REFUSALS as refusal:
            raise Refused(told(refusal)) from refusal
        return True


def send_test(creative: Creative, *, to: str) -> None:
    """These words to a person of the shop. Raises Conflict where mail is not set up or refused."""
    if not Email("email").is_ready():
        raise Conflict("Set EMAIL_FROM and SITE_URL first; without them nothing is sent.")
    if not to:
        raise Conflict("Your account has no e-mail address.")
    try:
        get_connection().send_messages([test_message_of(creative, to=to)])
    except OSError as fault:  # all of smtplib's errors are
        raise Conflict(f"The mail server did not take it: {told(fault)}.") from fault
